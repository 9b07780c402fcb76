"""Run a table of configs/experiments, and write it as Markdown and picture.

What is done already is not done again, and an interrupted run goes on, so
the same command may be given as often as you like, also to several
processes at once.
"""
from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from _lib.cli import ToolError, run
from _lib.experiments.results import append, result, results
from _lib.experiments.runs import Clock, NotDoneError, TimeOverError, carry_out
from _lib.experiments.summary import write_summary
from _lib.experiments.table import Run, load_table, plan

ROOT = Path('work_dirs/experiments')
MARGIN = 20  # seconds of --max-minutes that are left for stopping


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('table', help='its name, or a .py file')
    parser.add_argument('--size', default='small',
                        help='smoke, small (default) or paper')
    parser.add_argument('--max-minutes', type=float, metavar='M',
                        help='stop before; the same command goes on')
    parser.add_argument('--only', nargs='+', metavar='TEXT',
                        help='only rows whose name contains one of these')
    parser.add_argument('--list', action='store_true',
                        help='only show the runs and what is done')
    parser.add_argument('--results', type=Path, metavar='FILE',
                        default=Path('configs/experiments/results.jsonl'))
    parser.add_argument('--work-dir', type=Path, default=ROOT)
    return parser.parse_args()


def commit() -> str:
    """The state of the code, or the version where there is no git.

    Results, which grow from run to run, are no code.
    """
    try:
        name = subprocess.run(
            ['git', 'rev-parse', '--short', 'HEAD'], check=True,
            capture_output=True, text=True).stdout.strip()
        same = subprocess.run(
            ['git', 'diff', '--quiet', 'HEAD', '--', '.', ':!*.jsonl'])
        return name + '-dirty' * (same.returncode != 0)
    except (OSError, subprocess.CalledProcessError):
        return version('mmrela')


def show(runs: list[Run], done: dict[str, dict]) -> None:
    for run_ in runs:
        top1 = done.get(run_.key, {}).get('linear_top1', '')
        state = 'begun' if run_.work_dir.exists() else ''
        print(f'{top1 or state:>6}  {run_.row}, seed {run_.seed}  '
              f'{run_.work_dir.name}')


def carry_out_all(runs: list[Run], file: Path, clock: Clock) -> Counter:
    """Carry out and record; count what became of the runs."""
    state, counts = commit(), Counter()
    for run_ in runs:
        title = f'{run_.row}, seed {run_.seed}'
        if run_.key not in results(file):
            try:
                carry_out(run_, clock)
                append(file, dict(result(run_), commit=state))
            except TimeOverError:
                print('\nThe time is over.')
                break
            except NotDoneError as e:
                print(f'\n{title}: {e}', flush=True)
                counts['not done'] += 1
                continue
        counts['done'] += 1
    return counts


def main() -> int:
    args = parse_args()
    # A shell's background processes ignore Ctrl-C, and so would the tools.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    clock = Clock()
    if args.max_minutes:
        clock.end = time.monotonic() + 60 * args.max_minutes - MARGIN
    table = load_table(args.table)
    runs = plan(table, args.size, args.work_dir, args.only)
    if not runs:
        raise ToolError(f'--only {" ".join(args.only)}: no row has that in '
                        'its name; --list shows them')
    if args.list:
        show(runs, results(args.results))
        return 0
    counts = carry_out_all(runs, args.results, clock)
    print('\n' + write_summary(table, args.size, runs,
                               results(args.results), args.work_dir))
    left = len(runs) - counts['done']
    print(f'{counts["done"]} of {len(runs)} runs are done'
          + (f'; the same command goes on with the other {left}.' * (left > 0)
             or '.'))
    return 1 if counts['not done'] else 0


if __name__ == '__main__':
    run(main)
