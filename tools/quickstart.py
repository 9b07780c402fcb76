"""Train BYOL without RELA, with a random and with an ImageNet prior.

Each row sees the same images in the same order for the same number of
steps, from the same initial weights. Commands are printed as they run.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import ToolError, run
from _lib.experiments.report import write_report
from _lib.experiments.runs import Clock, NotDoneError, call, carry_out, locked
from _lib.experiments.table import Run, load_table, plan

STEPS_PER_EPOCH = 78  # 10,000 images in batches of 128


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--epochs', type=int, default=5,
        help=f'of {STEPS_PER_EPOCH} steps each (default: 5)')
    parser.add_argument('--work-dir', default='work_dirs/quickstart')
    return parser.parse_args()


def lambda_factor(epochs: int) -> float:
    """How much faster than in the paper Algorithm 1's averages are.

    The run is to them what the paper's 10 % budget on CIFAR-10, 3,900
    steps, is to the original ones.
    """
    return 3900 / (epochs * STEPS_PER_EPOCH)


def plan_rows(epochs: int, root: Path) -> list[Run]:
    """The small size of ``configs/experiments/quickstart.py``, one seed."""
    table = load_table('quickstart')
    table.sizes.small.update(seeds=[0], lambda_factor=lambda_factor(epochs))
    table.sizes.small.overrides['train_cfg.max_epochs'] = epochs
    return plan(table, 'small', root)


def carry_out_all(rows: list[Run], untrained: Path) -> None:
    """Probe the untrained network; targets, training and probe of all rows.

    Raises:
        ToolError: a tool failed.
    """
    try:
        with locked(untrained.with_suffix('.lock')) as lock:
            if lock is None:
                raise NotDoneError('another process is at it')
            call('linear_probe', rows[0].config, '--prior', 'random', '--out',
                 str(untrained), done=untrained, clock=Clock(), lock=lock)
            for row in rows:
                carry_out(row, Clock())
    except NotDoneError as e:
        raise ToolError(f'the quickstart stopped: {e}') from e


def main() -> None:
    args = parse_args()
    root = Path(args.work_dir)
    rows = plan_rows(args.epochs, root)
    untrained = root / 'untrained.json'
    carry_out_all(rows, untrained)
    print(write_report(rows, untrained, root, lambda_factor(args.epochs)))


if __name__ == '__main__':
    run(main)
