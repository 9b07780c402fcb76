"""Measure what RELA's parts cost beside what one would use without them.

All cases run in one process in turn; set OMP_NUM_THREADS for the threads.
Images of `loader`, `epoch` and `features` are the config's, others are random.
"""
from __future__ import annotations

import argparse
import importlib
import json
import shlex
import sys
import tempfile
from pathlib import Path

from _lib.cli import add_cfg_options, add_config, positive, run, tool_parser

CONFIG = (Path(__file__).parents[1]
          / 'configs/byol_rela_r18_cifar10_quickstart.py')
FOLDER = CONFIG.with_name('byol_rela_r50_imagefolder.py')
WHAT = dict(
    step="a RELA step, a bare PyTorch loop's, the host's before and after",
    loader="images/s of mmpretrain's views and of batched ones",
    epoch="epochs through the Runner, plain mmpretrain's, lightly's",
    features="the prior's pass over the images, the prior alone",
    scale='cores, network and memory that 1, 8 and 64 GPUs need',
    pca='BatchPCA, the bare arithmetic, scikit-learn')


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__, 'step --pairs 3', 'pca --samples 5000 --out pca.json')
    tools = parser.add_subparsers(dest='what', required=True)
    for name, what in WHAT.items():
        tools.add_parser(name, description=what, help=what)
    for name in ('step', 'loader', 'epoch', 'features'):
        tool = tools.choices[name]
        add_config(tool, nargs='?', default=str(CONFIG),
                   help=f'default: {CONFIG.name}')
        add_cfg_options(tool)
    tools.choices['step'].add_argument(
        '--image-size', type=int, default=32, metavar='S',
        help='side of the random images that views are made of')
    tools.choices['step'].add_argument(
        '--live-teacher', metavar='P', help="instead: RELA's step by cached "
        'targets beside one that runs this prior on its views')
    tools.choices['loader'].add_argument(
        '--data', choices=['config', 'imagenet'], default='config',
        help="the config's images (default), or JPEGs of 500 x 375 pixels, "
        f'made here, through {FOLDER.name}')
    tools.choices['features'].add_argument(
        '--prior', default='torchvision:mobilenet_v2,size=64,weights=none',
        metavar='P', help='default: %(default)s')
    tools.choices['scale'].add_argument(
        '--gpu-rate', type=float, default=900., metavar='R',
        help='images/s that a GPU trains (default: %(default)g, assumed '
        'for a ResNet-50)')
    for option, default, metavar, what in (
            ('--samples', 20000, 'N', 'rows'), ('--dim', 1280, 'D', 'columns'),
            ('--components', 512, 'K', 'components that are kept')):
        tools.choices['pca'].add_argument(
            option, type=int, default=default, metavar=metavar,
            help=f'{what} of the features (default: %(default)s)')
    for tool in tools.choices.values():
        tool.add_argument('--pairs', type=positive, default=7, metavar='N',
                          help='turns of each case (default: 7)')
        tool.add_argument('--out', type=Path, metavar='FILE.json',
                          help='write the measured seconds there')
    for name in ('step', 'loader', 'scale', 'pca'):
        tools.choices[name].add_argument(
            '--seconds', type=float, default=1., metavar='S',
            help='least length of a turn (default: 1)')
    return parser.parse_args()


def plan(args: argparse.Namespace, folder: Path):
    """Build the cases; temporary files go to ``folder``."""
    name = args.what
    if getattr(args, 'live_teacher', None):
        name = 'live_teacher'
    if getattr(args, 'data', None) == 'imagenet':
        name = 'imagenet'
    if name in ('imagenet', 'scale'):
        args.config, args.cfg_options = str(FOLDER), None
    benchmark = importlib.import_module(f'_lib.benchmarks.{name}')
    if args.what == 'pca':
        return benchmark.plan(args.samples, args.dim, args.components)
    from _lib.config import load_config
    cfg = load_config(args, rela=True)
    if name == 'live_teacher':
        return benchmark.plan(cfg, args.image_size, args.live_teacher)
    if args.what == 'step':
        return benchmark.plan(cfg, args.image_size)
    if args.what == 'features':
        return benchmark.plan(cfg, args.prior)
    if args.what == 'scale':
        return benchmark.plan(cfg, folder, args.gpu_rate)
    if args.what == 'loader':
        return benchmark.plan(cfg, folder)
    return benchmark.plan(cfg, folder, args.pairs)


def main() -> None:
    args = parse_args()
    from _lib.benchmarks.report import markdown
    from mmrela.files.atomic import write_atomically
    with tempfile.TemporaryDirectory(prefix='benchmark') as folder:
        least = getattr(args, 'seconds', 0.)
        result = plan(args, Path(folder)).run(args.pairs, least)
    result['command'] = shlex.join(sys.argv)
    print(markdown(result))
    if args.out:
        write_atomically(args.out, json.dumps(result, indent=1).encode())


if __name__ == '__main__':
    run(main)
