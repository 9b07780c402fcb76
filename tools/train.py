"""Train a config; the command line is that of mmpretrain's tools/train.py."""
from __future__ import annotations

import argparse
import os

from _lib.cli import ToolError, add_cfg_options, add_config, run, tool_parser


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'configs/byol_rela_r18_cifar10_quickstart.py --dry-run',
        'mmpretrain::simsiam/simsiam_resnet50_8xb32-coslr-100e_in1k.py\n'
        '--rela data/targets/in1k --cfg-options train_cfg.max_epochs=50')
    add_config(parser)
    add_cfg_options(parser)
    parser.add_argument(
        '--rela', metavar='TARGETS',
        help='put RELA with the targets in this folder around a plain '
        'config, or take them instead of those that a RELA config names; '
        '--cfg-options override entries of the result')
    parser.add_argument(
        '--dump', metavar='FILE.py',
        help='write the config that would be trained there, and end')
    parser.add_argument(
        '--diff', action='store_true',
        help='print what that config changes in the given one, and end')
    parser.add_argument(
        '--dry-run', action='store_true',
        help='only tell steps, hand-over, memory, disk and time of the whole '
        'training, measured on four steps of each stage')
    parser.add_argument(
        '--work-dir', help='where logs and checkpoints go (default: '
        'work_dirs/CONFIG, or CONFIG_rela with --rela)')
    parser.add_argument(
        '--resume', nargs='?', const='auto', metavar='CHECKPOINT',
        help='resume from this file, or from the newest in the work dir')
    parser.add_argument(
        '--trust-checkpoint', action='store_true',
        help='unpickle the file of --resume or load_from, which may run code')
    parser.add_argument(
        '--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument(
        '--auto-scale-lr', action='store_true',
        help='scale the learning rate by the real batch size')
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none', help='what started this process')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0,
                        help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', os.environ.get(
        'OMPI_COMM_WORLD_LOCAL_RANK', str(args.local_rank)))
    return args


def main() -> None:
    args = parse_args()
    if args.rela == '':  # an unset variable of a script
        raise ToolError('--rela names no folder')
    from _lib.config import load_config
    from _lib.training.overrides import override
    from _lib.training.written import differences, write
    cfg = override(load_config(args, args.rela or False), args)
    if args.diff:
        print(differences(args.config, cfg))
    if args.dump:
        write(cfg, args.dump)
    if args.diff or args.dump:
        return
    if args.dry_run:
        from _lib.training.dry_run import dry_run
        print(dry_run(cfg), end='')
        return
    from _lib.training.run import train
    train(cfg)


if __name__ == '__main__':
    run(main)
