"""Soft labels beside images and their targets."""
from __future__ import annotations

from functools import cached_property

import torch
from mmpretrain.registry import DATASETS

from ..targets import TargetStore, hash_ids
from .rela_target import RelaTargetDataset
from .samplers.rela_sampler import RelaIndex


@DATASETS.register_module()
class SoftLabelDataset(RelaTargetDataset):
    """Images with the soft labels that a classifier gave them once.

    A sample's ``gt_score`` is the softmax of its stored logits at a
    temperature; mmpretrain mixes it where it mixes images.

    Args:
        soft_labels: Directory of a target store of logits, as
            ``tools/distill.py`` leaves it.
        temperature: T, which divides them.
        **kwargs: Those of :class:`RelaTargetDataset`.
    """

    def __init__(self, soft_labels: str, temperature: float = 20.,
                 **kwargs) -> None:
        super().__init__(**kwargs)
        self.soft_labels = soft_labels
        self.temperature = temperature

    @cached_property
    def logits(self) -> TargetStore:
        """The stored logits, opened when they are first needed.

        Raises:
            TargetStoreError: they are of other images.
        """
        store = TargetStore.open(self.soft_labels)
        store.check(hash_ids(self.sample_ids()), len(self.dataset))
        return store

    def __getitem__(self, index: int | RelaIndex) -> dict:
        """As :class:`RelaTargetDataset`'s, with ``gt_score``."""
        results = super().__getitem__(index)
        row = self.among_all(index[0] if isinstance(index, tuple) else index)
        logits = torch.from_numpy(self.logits[row])
        results['data_samples'].set_gt_score(
            (logits / self.temperature).softmax(0))
        return results
