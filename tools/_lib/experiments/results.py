"""Results of runs, one line of JSON each."""
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from mmrela import __version__
from mmrela.files.locks import locked

from ..training.logs import Curve, curve, read_log, timed
from .run import PROBE, Run


def read(file: Path) -> dict:
    return json.loads(file.read_text())


def result(run: Run) -> dict:
    """Settings and outcome of a finished run, see :func:`curves`, too."""
    cfg = run.cfg
    line = dict(
        table=run.table, size=run.size, row=run.row, method=cfg.model.host,
        prior=run.prior, seed=run.seed, key=run.key, config=run.config,
        learning_rate=cfg.optim_wrapper.optimizer.lr, epochs=run.epochs,
        batch_size=cfg.train_dataloader.batch_size,
        images=cfg.train_dataloader.dataset.get('indices'),
        ratio=cfg.train_dataloader.sampler.get('ratio', 1.0),
        generation=run.generation, options=run.options)
    line.update(read(run.work_dir / 'train.json') if run.epochs
                else dict(steps=0, train_seconds=0, switch_step=None))
    if run.score == PROBE:
        line[PROBE] = read(run.work_dir / 'probe.json')[PROBE]
    if run.generation:
        meta = read(run.generator[-1])
        if 'feature_seconds' in meta:  # but not of a distilled data set
            line['target_seconds'] = round(
                meta['feature_seconds'] + meta['pca_seconds'], 1)
    return line | curves(run, line)


def curves(run: Run, line: dict) -> dict[str, Curve]:
    """Accuracy during the training, by kNN and by linear probe.

    An epoch that left no checkpoint has no linear probe.

    Args:
        run: Whose log, and probes of its checkpoints, are read.
        line: The run's ``steps``, ``train_seconds`` and ``linear_top1``.
    """
    log = read_log(run.work_dir)
    probes = [(line['steps'] * epoch // run.epochs,
               read(run.probe(epoch))['linear_top1'])
              for epoch in run.probe_at if run.probe(epoch).exists()]
    scores = dict(knn=list(zip(*curve(log, 'knn_top1'))), linear=probes and [
        *probes, (line['steps'], line['linear_top1'])])
    return {name: timed(log, found, line['train_seconds'])
            for name, found in scores.items() if found}


def commit() -> str:
    """The state of the code, or the version where there is no git.

    Results, and what is written of them, are no code.
    """
    try:
        name = subprocess.run(
            ['git', 'rev-parse', '--short', 'HEAD'], check=True,
            capture_output=True, text=True).stdout.strip()
        same = subprocess.run(
            ['git', 'diff', '--quiet', 'HEAD', '--', '.', ':!*.jsonl',
             ':!*.md', ':!*.png'])
        return name + '-dirty' * (same.returncode != 0)
    except (OSError, subprocess.CalledProcessError):
        return __version__


def append(file: Path, line: dict) -> None:
    """Add a result, unless one with its key is there already."""
    lock = file.with_name(f'{file.name}.lock')
    with locked(lock, wait=True), open(file, 'ab', buffering=0) as handle:
        if line['key'] in results(file):
            return
        torn = file.read_bytes()[-1:] not in (b'', b'\n')
        handle.write(b'\n' * torn + json.dumps(line).encode() + b'\n')
        os.fsync(handle)


def results(file: Path) -> dict[str, dict]:
    """All results by their keys; a torn line is passed over."""
    found = {}
    for text in file.read_text().splitlines() if file.exists() else []:
        try:
            line = json.loads(text)
            found[line['key']] = line
        except (json.JSONDecodeError, KeyError):
            continue
    return found
