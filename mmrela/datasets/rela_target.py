"""The host's dataset, with targets beside its images."""
from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
from mmengine.dataset import Compose
from mmpretrain.registry import DATASETS, TRANSFORMS
from torch.utils.data import Dataset

from ..errors import UserError
from ..pictures.access import load_sample, sample_id, sample_name
from ..pictures.crops import RULE, cropped_pixels
from ..pictures.hue import mended_hue
from ..pictures.late_decoding import crop_late
from ..resolve import resolve
from ..rng import seeded
from ..targets import TargetStore, TargetStoreError, hash_ids
from .host import parts
from .missing import build_explained
from .samplers.rela_sampler import RelaIndex


@DATASETS.register_module()
class RelaTargetDataset(Dataset):
    """Serves the stage that :class:`RelaSampler` stamped on the index.

    In the RELA stage a sample is loaded as the host loads it (its leading
    ``Load…`` transforms), goes through ``rela_pipeline`` and gets its
    target; in the host's stage, or for a plain integer, it is exactly what
    the host's dataset returns.

    Samples that the store lists as skipped (their images could not be
    read) are left out of both stages: ``len()`` and indices count the
    others, while sample ids and rows of the store count all.

    Where a store has several views of each image (``gen_targets.py
    --views``), the RELA stage of an epoch shows one of them: the crop that
    the prior saw, as large as the image, goes through ``rela_pipeline``
    and gets the target of its own. For a student that sees what the prior
    saw, ``rela_pipeline`` must not crop again, but flip alone.

    Args:
        host: Registry name of the host's dataset, or its class.
        targets: Directory of the target store.
        rela_pipeline: Transforms of the weak views, packing included.
        prior: Name of the prior that must have made the targets, such as
            ``torchvision:mobilenet_v2`` or ``random:0``; ``None`` takes any.
        late_decoding: Whether JPEGs are decoded by the first crop of a
            view, no larger than it needs; boxes and seeds are the same.
            Stored views are cropped from the whole picture.
        view_epochs: Epochs that a stored view is on for, k (paper, section
            4.2); then comes the next, and after the last the first again.
        **kwargs: The host dataset's own arguments.

    Raises:
        UserError: the host's dataset cannot read its data or join its parts,
            or ``view_epochs`` is no positive number; later: an image cannot
            be read, or the store does not do.
    """

    def __init__(self,
                 host: str | type,
                 targets: str,
                 rela_pipeline: list[dict],
                 prior: str | None = None,
                 late_decoding: bool = False,
                 view_epochs: int = 1,
                 **kwargs) -> None:
        if type(view_epochs) is not int or view_epochs < 1:
            raise UserError('train_dataloader.dataset.view_epochs must be a '
                            f'positive number, got {view_epochs!r}')
        name = getattr(resolve(host, DATASETS), '__name__', str(host))
        pipelines = dict(pipeline=kwargs.get('pipeline', ()),
                         rela_pipeline=rela_pipeline)
        for key, given in pipelines.items():
            if not isinstance(given, (list, tuple)):
                raise UserError(f'train_dataloader.dataset.{key} must be a '
                                f'list of transforms, got {given!r}')
        self.dataset = build_explained(
            dict(type=host, **kwargs), name, 'train_dataloader.dataset')
        self.targets = targets
        self.prior = prior
        self.view_epochs = view_epochs
        self.rela_pipeline = Compose(
            [TRANSFORMS.build(t) for t in rela_pipeline])
        if late_decoding:
            crop_late([self.rela_pipeline, *(
                part.pipeline for part in parts(self.dataset))])

    @cached_property
    def store(self) -> TargetStore:
        """The targets, opened when they are first needed."""
        return TargetStore.open(self.targets)

    @property
    def pipeline(self) -> Compose:
        """The host dataset's, which tools of mmpretrain look at.

        Raises:
            AttributeError: it has none of its own, as ``ConcatDataset``.
        """
        return self.dataset.pipeline

    @pipeline.setter
    def pipeline(self, pipeline: Compose) -> None:
        self.dataset.pipeline = pipeline

    @property
    def metainfo(self) -> dict:
        """The host dataset's, such as the names of its ``classes``."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Read the host dataset's annotations, unless that is done."""
        self.dataset.full_init()

    @cached_property
    def _gaps(self) -> np.ndarray:
        """How many samples come before each skipped one, (skipped,).

        Without a finished store, as for the plain host, nothing is skipped.
        """
        if not (Path(self.targets) / 'meta.json').is_file():
            return np.arange(0)
        skipped = np.array(self.store.skipped, np.int64)
        if len(skipped):
            self.check_targets()  # it is a list of these very images
        return skipped - np.arange(len(skipped))

    def __len__(self) -> int:
        """Samples that are not skipped."""
        return len(self.dataset) - len(self._gaps)

    def __getitem__(self, index: int | RelaIndex) -> dict:
        """``inputs``, a list of views (C, H, W), and ``data_samples``."""
        with mended_hue():
            if not isinstance(index, tuple):
                return self.dataset[self.among_all(index)]
            index, lam, view_seed, epoch = index
            index = self.among_all(index)
            with seeded(view_seed):
                return self._rela(index, epoch) if lam else (
                    self.dataset[index])

    def among_all(self, index: int) -> int:
        """A sample's row among all, those that are skipped too."""
        return index + int(self._gaps.searchsorted(index, 'right'))

    def view_of(self, epoch: int) -> int:
        """Which of the store's views is on in an epoch of RELA's stage."""
        return epoch // self.view_epochs % self.store.views

    def _rela(self, index: int, epoch: int) -> dict:
        sample, view = load_sample(self.dataset, index), self.view_of(epoch)
        if self.store.views > 1:
            sample['img'] = cropped_pixels(sample['img'], index, view)
        results = self.rela_pipeline(sample)
        if results is None:
            raise UserError(
                'train_dataloader.dataset.rela_pipeline drops '
                f'{sample_name(self.dataset, index)}, whose target would be '
                'lost: take out the step that returns None')
        if 'data_samples' not in results:
            raise UserError('train_dataloader.dataset.rela_pipeline must end '
                            'with PackInputs, after its MultiView')
        # No tensor: mmengine would copy each sample's to the device alone.
        results['data_samples'].set_field(
            self.store.of_view(view, index), 'rela_target')
        return results

    def sample_ids(self) -> Iterator[str]:
        """One name per sample, skipped ones too."""
        for index in range(len(self.dataset)):
            yield sample_id(self.dataset, index)

    def check_targets(self, dim: int | None = None) -> None:
        """Make sure that the store is of these images, width and prior.

        And of the views that training would cut out.

        Raises:
            TargetStoreError: says what differs, and the cure.
        """
        self.store.check(hash_ids(self.sample_ids()), len(self.dataset), dim,
                         self.prior)
        made_by = str(self.store.manifest.prior.get('preprocessing'))
        if self.store.views > 1 and not made_by.startswith(RULE):
            raise TargetStoreError(
                f'{self.targets} holds targets of other crops than training '
                f'would show ({RULE}): run tools/gen_targets.py --views '
                f'{self.store.views} with another --out')
