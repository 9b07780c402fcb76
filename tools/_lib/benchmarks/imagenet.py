"""Views of JPEGs as large as ImageNet's: ours, mmpretrain's, others'."""
from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmpretrain.registry import DATASETS
from torch.utils.data import Dataset

from mmrela.batched import ViewCollate, leave_colours
from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.pictures.hue import mended_hue

from ..shrinking.folder import prepare
from .baselines import dali, torchvision_views
from .photos import write_photos
from .plan import Case, Plan, Ratio
from .variants import with_noise

THEIRS, LATE, COPY = 'mmpretrain', 'late decoding', 'copy of 256 pixels'
COLOURS = 'colours on the device'
COUNT = 64


def plan(cfg: Config, folder: Path) -> Plan:
    """One view in the RELA stage, the host's views after it; one core.

    Args:
        cfg: A leaf for folders of classes.
        folder: Where JPEGs, their copy and random targets go.
    """
    torch.set_num_threads(1)
    roots = {THEIRS: write_photos(folder / 'whole', COUNT)}
    roots[COPY] = folder / 'copy'
    prepare(roots[THEIRS], roots[COPY], 256, 1)
    cases: dict[str, Case] = {}
    missing: dict[str, str] = {}
    for name, root, late in ((THEIRS, roots[THEIRS], False),
                             (LATE, roots[THEIRS], True),
                             (COPY, roots[COPY], False)):
        dataset = of_folder(cfg, root, folder / f'{name} targets', late)
        cases[f'weak view, {name}'] = all_of(dataset, 1)
        if not late:
            cases[f"host's views, {name}"] = all_of(dataset, 0)
    for name, root, fast in ((COLOURS, roots[THEIRS], False),
                             (f'{COLOURS}, OpenCV', roots[THEIRS], True),
                             (f'{COLOURS}, OpenCV, copy', roots[COPY], True)):
        dataset = of_folder(by_opencv(cfg) if fast else cfg, root,
                            folder / f'{name} targets', False)
        cases[f"host's views, {name}"] = left_of(dataset)
    files = sorted(map(str, roots[THEIRS].rglob('*.jpg')))
    cases['weak view, torchvision v2'] = torchvision_views.weak(files)
    if find_spec('nvidia') and find_spec('nvidia.dali'):
        cases['weak view, DALI'] = dali.weak(files)
    else:
        missing['weak view, DALI'] = (
            'not installed: pip install nvidia-dali-cuda120')
    ratios = [Ratio(f'{name.partition(", ")[2]} / {THEIRS} in images/s, '
                    f'{kind}', f'{kind}, {THEIRS}', name)
              for kind in ('weak view', "host's views") for name in cases
              if name.startswith(kind) and not name.endswith(THEIRS)]
    return Plan(f'Views of {COUNT} JPEGs of 500 x 375 pixels, images/s per '
                'core', cases, ratios, COUNT, 1, missing, cpu=True)


def of_folder(cfg: Config, root: Path, targets: Path,
              late: bool) -> RelaTargetDataset:
    """The leaf's training images, in another folder, with any targets."""
    cfg = deepcopy(cfg)
    cfg.train_dataloader.dataset.data_root = str(root)
    cfg = with_noise(cfg, targets)
    return DATASETS.build(dict(
        cfg.train_dataloader.dataset, late_decoding=late))


def all_of(dataset: Dataset, lam: int) -> Callable[[], None]:
    """What makes the views of all images, of one stage."""
    @mended_hue()
    def case() -> None:
        for i in range(len(dataset)):
            dataset[RelaIndex(i, lam, i)]
    return case


def by_opencv(cfg: Config) -> Config:
    """The config with the host's crops made by OpenCV, not by Pillow."""
    cfg = deepcopy(cfg)
    for step in cfg.train_dataloader.dataset.pipeline:
        for view in step.get('transforms', []):
            for transform in view:
                if transform.type == 'RandomResizedCrop':
                    transform.backend = 'cv2'
    return cfg


def left_of(dataset: Dataset) -> Callable[[], None]:
    """What a worker does for the host's batch, colours left to the device."""
    leave_colours(dataset)
    collate = ViewCollate(pseudo_collate)

    @mended_hue()
    def case() -> None:
        collate([dataset[RelaIndex(i, 0, i)] for i in range(len(dataset))])
    return case
