"""The quickstart's results as JSON, Markdown and a picture."""
from __future__ import annotations

import json
from pathlib import Path

from ..training.logs import read_log
from .picture import Entry, draw
from .results import read, result
from .summary import machine
from .table import Run

COLORS = dict(none='tab:gray', random='tab:orange', mobilenet_v2='tab:blue')
KEYS = ('method', 'prior', 'learning_rate', 'steps', 'train_seconds',
        'switch_step', 'seed', 'linear_top1', 'target_seconds')
NOTES = """\
All rows share initial weights, data order, augmentation seeds and number of
steps; one seed. *Untrained* is the same architecture with random weights.
MobileNet-V2 was trained with ImageNet's **labels**, the random prior with
nothing; the random prior's targets are whitened. The network is ResNet-18
with the ImageNet stem, about ten times cheaper at 32 x 32 pixels than the
paper's 3 x 3 stem. Algorithm 1's averages are {factor:.3g} times faster than
in the paper: the {steps} steps are to them what the paper's 10 % budget of
3,900 steps is to its own. RELA trains on one weak view an image, at the
paper's learning rate; BYOL's own is the best of 1e-3, 3e-4 and 1e-4 on
held-out training images after 468 steps. The probe's classifier is trained
on the same {images} images, with labels, and tested on all 10,000 test images.
This shows the mechanism, not the paper's result: BYOL needs far more steps
than these to learn well.
"""


def write_report(runs: list[Run], untrained: Path, root: Path,
                 factor: float) -> str:
    """Write ``report.{json,md,png}`` under ``root``; return the Markdown.

    Args:
        runs: Finished and probed runs.
        untrained: Probe result of the untrained network.
        root: Where to.
        factor: How much faster than in the paper Algorithm 1's averages are.
    """
    lines = [result(run) for run in runs]
    report = dict(
        runs=[{key: line[key] for key in KEYS if key in line}
              for line in lines],
        untrained_top1=read(untrained)['linear_top1'],
        config=runs[0].config,
        images=lines[0]['images'],
        batch_size=lines[0]['batch_size'],
        lambda_factor=factor,
        device=machine(lines[0]))
    (root / 'report.json').write_text(json.dumps(report, indent=1))
    text = _markdown(report, [run.row for run in runs])
    (root / 'report.md').write_text(text)
    entries = [Entry('untrained', 'lightgray', report['untrained_top1'])] + [
        Entry(run.row, COLORS[run.prior], line['linear_top1'],
              log=read_log(run.work_dir)) for run, line in zip(runs, lines)]
    draw(entries, root / 'report.png',
         "loss: RELA's 0 to 2, BYOL's −4 to 4")
    return text


def _markdown(report: dict, labels: list[str]) -> str:
    lines = [
        '| method | learning rate | steps | hand-over at | training, s | '
        'targets, s | linear probe, % |', '|---|---|---|---|---|---|---|',
        f'| untrained | | 0 | | | | {report["untrained_top1"]:.1f} |'
    ]
    for label, row in zip(labels, report['runs']):
        lines.append(
            f'| {label} | {row["learning_rate"]:g} | {row["steps"]} | '
            f'{row["switch_step"] or ""} | '
            f'{row["train_seconds"]:.0f} | {row.get("target_seconds", "")} | '
            f'{row["linear_top1"]:.1f} |')
    head = (f'# CIFAR-10, {report["images"]} images, batch '
            f'{report["batch_size"]}, {report["device"]}\n\n')
    notes = NOTES.format(factor=report['lambda_factor'],
                         steps=report['runs'][0]['steps'],
                         images=report['images'])
    return head + '\n'.join(lines) + '\n\n' + notes
