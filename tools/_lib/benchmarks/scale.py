"""What 1, 8 and 64 GPUs need of cores, network and page cache."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config

from ..markdown import table
from . import imagenet, synthetic
from .plan import Plan

GPUS = 1, 8, 64
IMAGES, RANKS, STEPS = 1_281_167, 8, 200
BATCH = 256  # images of a GPU's step
BYTES = {imagenet.THEIRS: 110e3, imagenet.COPY: 46e3}  # of a JPEG


@dataclass
class ScalePlan(Plan):
    """Rates of one core, and what follows from them.

    Attributes:
        rate: Images/s that a GPU trains, assumed.
        ours: Of :func:`.synthetic.measure`.
    """
    rate: float = 900.
    ours: dict = field(default_factory=dict)

    def run(self, rounds: int, least: float) -> dict:
        result = super().run(rounds, least)
        rates = {name: self.images / sorted(seconds)[len(seconds) // 2]
                 for name, seconds in result['seconds'].items()}
        step = BATCH / self.rate
        own = self.ours['hook'] + self.ours['sampler']
        notes = {
            'Assumed': f'a GPU trains {self.rate:g} images/s (--gpu-rate), '
            f'{BATCH} a step; JPEGs have {BYTES[imagenet.THEIRS] / 1e3:g} '
            f'kB, their copies {BYTES[imagenet.COPY] / 1e3:g} kB; cores are '
            'like the one that was measured, and do nothing else; larger '
            'JPEGs than those that were decoded here (see photos.py) need '
            'more of them',
            'Needed': '\n\n' + table(
                ['GPUs', 'views', 'images/s', 'cores', 'MB a step',
                 'MB/s read', 'page cache, GB'],
                [row for gpus in GPUS for row in needs(
                    gpus, self.rate, rates)]),
            f'Ours, {IMAGES} images, {RANKS} ranks in turn, {STEPS} steps':
            f'start {self.ours["start"]:.1f} s, first batch of an epoch '
            f'{self.ours["epoch"]:.1f} s, memory at its peak '
            f'{self.ours["memory"] / 1e6:.0f} MB, pages of the mapped store '
            'included; a step: hook and sampler '
            f'{1e3 * own:.2f} ms, which is {own / step:.2%} of the '
            f"assumed step of {1e3 * step:.0f} ms; in workers' cores "
            f'{1e3 * self.ours["samples"]:.1f} ms'}
        return dict(result, notes=notes, ours=self.ours)


def needs(gpus: int, rate: float, rates: dict[str, float]) -> list[list]:
    """Rows of the table, one for each kind of view.

    Args:
        gpus: How many train.
        rate: Images/s of each.
        rates: Images/s of a core, by the names of the views.
    """
    rows = []
    for name, one_core in rates.items():
        size = next(size for kind, size in BYTES.items() if kind in name)
        wanted = gpus * rate
        rows.append([
            gpus, name, f'{wanted:.0f}', f'{wanted / one_core:.0f}',
            f'{gpus * BATCH * size / 1e6:.0f}', f'{wanted * size / 1e6:.0f}',
            f'{IMAGES * size / 1e9:.0f}'])
    return rows


def plan(cfg: Config, folder: Path, rate: float,
         images: int = IMAGES) -> ScalePlan:
    """Rates of mmpretrain's views, on JPEGs and on their copy.

    Args:
        cfg: A leaf for folders of classes.
        folder: Gets 1.3 GB of targets, and JPEGs.
        rate: Images/s of a GPU.
        images: Of the synthetic store.
    """
    views = imagenet.plan(cfg, folder)
    cases = {name: case for name, case in views.cases.items()
             if any(kind in name for kind in BYTES)}
    ours = synthetic.measure(folder / 'scale', images, 512, RANKS, BATCH,
                             STEPS)
    return ScalePlan('What training needs', cases, [], views.images, 1,
                     cpu=True, rate=rate, ours=ours)
