"""Study why RELA works (paper, §3.2), on a mixture of two Gaussians.

Small networks and a linear model show what samples and targets do to
training, and the paper's formulas are held to simulation: study.md,
study.json and three pictures, in about a minute.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import positive, run, tool_parser


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        '',
        '--seeds 3 --out work_dirs/quick_study')
    parser.add_argument('--out', type=Path, metavar='DIR',
                        default=Path('work_dirs/toy_study'),
                        help='where results go (default: %(default)s)')
    parser.add_argument('--seeds', type=several, default=20, metavar='N',
                        help='of the networks (default: %(default)s)')
    return parser.parse_args()


def several(text: str) -> int:
    """As many as a standard error needs."""
    number = positive(text)
    if number < 2:
        raise argparse.ArgumentTypeError('must be at least 2')
    return number


def main() -> None:
    args = parse_args()
    from _lib.toy.report import write
    from _lib.toy.study import study
    write(study(args.seeds), args.out)
    print(f'{args.out}: study.md, study.json and three pictures, '
          f'{args.seeds} seeds')


if __name__ == '__main__':
    run(main)
