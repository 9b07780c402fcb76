"""Results of several runs as JSON, Markdown and a picture."""
from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import torch
from mmengine.config import Config

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402

COLORS = dict(none='tab:gray', random='tab:orange', mobilenet_v2='tab:blue')
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


@dataclass
class Run:
    """Where one row's results lie."""
    method: str
    prior: str
    learning_rate: float
    work_dir: Path
    targets: Path

    @property
    def label(self) -> str:
        names = dict(random=' + RELA, random prior',
                     mobilenet_v2=' + RELA, MobileNet-V2')
        return self.method.upper() + names.get(self.prior, '')

    def result(self) -> dict:
        """The row of ``report.json``."""
        row = dict(method=self.method, prior=self.prior,
                   learning_rate=self.learning_rate)
        row.update(_read(self.work_dir / 'train.json'))
        row['linear_top1'] = _read(self.work_dir / 'probe.json')['linear_top1']
        if self.prior != 'none':
            meta = _read(self.targets / 'meta.json')
            row['target_seconds'] = round(
                meta['feature_seconds'] + meta['pca_seconds'], 1)
        return row

    def curve(self, key: str) -> tuple[list, list]:
        """Steps and values of one logged scalar."""
        logs = sorted(self.work_dir.glob('*/vis_data/scalars.json'))
        rows = [json.loads(line) for line in logs[-1].open()]
        pairs = [(r['step'], r[key]) for r in rows if key in r]
        return tuple(zip(*pairs)) if pairs else ((), ())


def write_report(runs: list[Run], untrained: Path, config: str, root: Path,
                 factor: float) -> str:
    """Write ``report.{json,md,png}`` under ``root``; return the Markdown.

    Args:
        runs: Finished and probed runs.
        untrained: Probe result of the untrained network.
        config: The config that all of them share.
        root: Where to.
        factor: How much faster than in the paper Algorithm 1's averages are.
    """
    cfg = Config.fromfile(config)
    loader = cfg.train_dataloader
    report = dict(
        runs=[run.result() for run in runs],
        untrained_top1=_read(untrained)['linear_top1'],
        config=config,
        images=loader.dataset.indices,
        batch_size=loader.batch_size,
        lambda_factor=factor,
        device=_device())
    (root / 'report.json').write_text(json.dumps(report, indent=1))
    text = _markdown(report, [run.label for run in runs])
    (root / 'report.md').write_text(text)
    _picture(runs, report, root / 'report.png')
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


def _picture(runs: list[Run], report: dict, file: Path) -> None:
    figure, axes = plt.subplots(
        1, 3, figsize=(13, 3.6), dpi=120, layout='constrained')
    losses, lam, bars = axes
    for run in runs:
        style = dict(color=COLORS[run.prior], label=run.label)
        losses.plot(*run.curve('loss'), **style)
        lam.step(*run.curve('lambda'), where='post', **style)
    losses.set(title="loss: RELA's 0 to 2, BYOL's −4 to 4", xlabel='step')
    losses.legend(fontsize=8)
    lam.set(title='λ', xlabel='step', ylim=(-0.1, 1.1))
    names = ['untrained'] + [run.label for run in runs]
    values = [report['untrained_top1']] + [
        row['linear_top1'] for row in report['runs']]
    colors = ['lightgray'] + [COLORS[run.prior] for run in runs]
    drawn = bars.barh(names[::-1], values[::-1], color=colors[::-1])
    bars.bar_label(drawn, fmt='%.1f')
    bars.set(title='linear probe, top-1 %', xlim=(0, max(values) * 1.2))
    figure.savefig(file)
    plt.close(figure)


def _read(file: Path) -> dict:
    return json.loads(file.read_text())


def _device() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f'{torch.get_num_threads()} CPU threads ({platform.machine()})'
