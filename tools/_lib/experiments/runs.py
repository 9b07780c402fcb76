"""Carries out runs of a table: targets, training, linear probe."""
from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from mmrela.files.locks import locked

from .calls import Clock, NotDoneError, TimeOverError, call
from .results import append, commit, result, results
from .run import PROBE, Run


def show(runs: list[Run], done: dict[str, dict]) -> None:
    for run in runs:
        top1 = done.get(run.key, {}).get(run.score, '')
        state = 'begun' if run.work_dir.exists() else ''
        print(f'{top1 or state:>6}  {run.row}, seed {run.seed}  '
              f'{run.work_dir.name}')


def carry_out_all(runs: list[Run], file: Path,
                  clock: Clock) -> Counter[str]:
    """Carry out and record; count what became of the runs."""
    state = commit()
    counts: Counter[str] = Counter()
    for run in runs:
        if run.key not in results(file):
            try:
                for each in _with_sources(run):
                    carry_out(each, clock)
                    append(file, dict(result(each), commit=state))
            except TimeOverError:
                print('\nThe time is over.')
                break
            except NotDoneError as e:
                print(f'\n{each.row}, seed {each.seed}: {e}', flush=True)
                counts['not done'] += 1
                continue
        counts['done'] += 1
    return counts


def _with_sources(run: Run) -> list[Run]:
    """The run, after those whose networks it needs and that are not there.

    Also if their results are known, as they are in a fresh clone.
    """
    if run.source is None or run.source.is_trained():
        return [run]
    return [*_with_sources(run.source), run]


def carry_out(run: Run, clock: Clock) -> None:
    """Do what is left of a run: targets, training, linear probe.

    Raises:
        TimeOverError: not all of it was done.
        NotDoneError: a tool failed, or another process is at it.
    """
    with locked(run.work_dir / 'lock') as lock:
        if lock is None:
            raise NotDoneError('another process is at it')
        if not run.is_current():
            raise NotDoneError('its config was edited meanwhile: give the '
                               'command again')
        if run.generation:
            make_targets(run, clock)
        network = ['--prior', f'random:{run.seed}']
        if run.epochs:
            call('train', run.config, '--work-dir', str(run.work_dir),
                 '--resume', *run.cfg_options,
                 done=run.work_dir / 'train.json', clock=clock, lock=lock)
            network = [str(run.checkpoint())]
        if run.score == PROBE:
            probe(run, network, run.work_dir / 'probe.json', clock, lock)
        for epoch in run.probe_at:
            if run.checkpoint(epoch).exists():
                probe(run, [str(run.checkpoint(epoch))], run.probe(epoch),
                      clock, lock)
        for leftover in (*run.work_dir.glob('*.tmp'),
                         *run.work_dir.glob('epoch_*.pth')):
            if leftover != run.checkpoint():
                leftover.unlink()


def probe(run: Run, network: list[str], file: Path, clock: Clock,
          lock: int) -> None:
    """Leave the linear probe of a network of the run in a file."""
    call('linear_probe', run.config, *network, '--epochs',
         str(run.probe_epochs), '--seed', str(run.seed), '--out', str(file),
         *run.cfg_options, done=file, clock=clock, lock=lock)


def make_targets(run: Run, clock: Clock) -> None:
    """Generate the run's targets, or its distilled data set.

    Or wait until another process has.
    """
    file = run.store.with_suffix('.lock')
    while True:
        with locked(file) as lock:
            if lock is not None:
                tool, arguments, done = run.generator
                call(tool, *arguments, done=done, clock=clock, lock=lock)
                return
        clock.left()
        time.sleep(1)
