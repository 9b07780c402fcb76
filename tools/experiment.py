"""Run a table of configs/experiments, and write it as Markdown and picture.

What is done already is not done again, and an interrupted run goes on, so
the same command may be given as often as you like, also to several
processes at once.
"""
from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from _lib.cli import run, tool_parser
from _lib.experiments import FOLDER, find_table


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'quickstart --size smoke',
        'table3_methods --only SimSiam --max-minutes 30')
    parser.add_argument('table', help='its name, or a .py file')
    parser.add_argument('--size', default='small',
                        help='one of the table: smoke, small (default) …')
    parser.add_argument('--max-minutes', type=float, metavar='M',
                        help='stop before; the same command goes on')
    some = parser.add_mutually_exclusive_group()
    some.add_argument('--only', nargs='+', metavar='TEXT',
                      help='only rows whose name contains one of these')
    some.add_argument('--report', action='store_true',
                      help='run nothing, write what is recorded into '
                      f'{FOLDER}/README.md, with a picture beside')
    parser.add_argument('--list', action='store_true',
                        help='only show the runs and what is done')
    parser.add_argument('--results', type=Path, metavar='FILE',
                        default=FOLDER / 'results.jsonl',
                        help='where finished runs are recorded (default: '
                        '%(default)s)')
    parser.add_argument('--work-dir', type=Path,
                        default='work_dirs/experiments',
                        help='where runs and results go (default: '
                        '%(default)s)')
    parser.add_argument('--out', type=Path, metavar='STEM',
                        help='where STEM.md, .png and .json go (default: '
                        'WORK_DIR/TABLE_SIZE)')
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    file = find_table(args.table)
    # A shell's background processes ignore Ctrl-C, and so would the tools.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    from _lib.experiments.calls import Clock
    from _lib.experiments.readme import publish
    from _lib.experiments.results import results
    from _lib.experiments.runs import carry_out_all, show
    from _lib.experiments.summary import by_row, write_summary
    from _lib.experiments.table import load_table, plan
    clock, table = Clock.of(args.max_minutes), load_table(str(file))
    runs = plan(table, args.size, args.work_dir, args.only)
    if args.list:
        show(runs, results(args.results))
        return 0
    if args.report:
        publish(table, args.size, by_row(runs, results(args.results)),
                FOLDER / 'README.md')
        return 0
    counts = carry_out_all(runs, args.results, clock)
    stem = args.out or args.work_dir / f'{file.stem}_{args.size}'
    print('\n' + write_summary(
        table, args.size, by_row(runs, results(args.results)), stem))
    left = len(runs) - counts['done']
    print(f'{counts["done"]} of {len(runs)} runs are done'
          + (f'; the same command goes on with the other {left}.' * (left > 0)
             or '.'))
    return 1 if counts['not done'] else 0


if __name__ == '__main__':
    run(main)
