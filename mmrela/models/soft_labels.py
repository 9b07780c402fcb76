"""A classifier of soft labels, the student of a distilled data set."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from mmpretrain.models import ImageClassifier
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..errors import UserError
from ..rng import undisturbed


@MODELS.register_module()
class SoftLabelClassifier(ImageClassifier):
    """Learns soft labels: KL divergence to them, at a temperature.

    They are a teacher's, of the very images that the student sees, cropped
    and mixed (RDED, arXiv:2312.03526; FKD, arXiv:2112.01528); without a
    teacher those of the batch, which its data set has stored, see
    :class:`~mmrela.SoftLabelDataset`.

    Args:
        teacher: Config of a classifier, its weights by ``init_cfg``. It sees
            images as the student's ``data_preprocessor`` leaves them, is
            never trained, and is no part of checkpoints.
        temperature: T, which divides the logits of both.
        **kwargs: Those of :class:`ImageClassifier`.
    """

    def __init__(self,
                 teacher: dict | None = None,
                 temperature: float = 20.,
                 **kwargs) -> None:
        super().__init__(**kwargs)
        self.temperature = temperature
        # In a tuple, which hides its parameters.
        self._teacher: tuple[nn.Module, ...] = ()
        if teacher is not None:
            with undisturbed():  # the student's own initial weights
                network = MODELS.build(teacher)
                network.init_weights()
            self._teacher = (network.requires_grad_(False).eval(), )

    def loss(self, inputs: Tensor, data_samples: list) -> dict[str, Tensor]:
        """``loss`` of N images, (N, C, H, W).

        Args:
            data_samples: N samples; without a teacher, each has a
                ``gt_score``, (classes,), probabilities at the temperature.

        Raises:
            UserError: there are no soft labels.
        """
        logits = self(inputs) / self.temperature
        return dict(loss=F.kl_div(
            logits.log_softmax(1), self._labels(inputs, data_samples),
            reduction='batchmean'))

    @torch.no_grad()
    def _labels(self, inputs: Tensor, data_samples: list) -> Tensor:
        """(N, classes) probabilities."""
        if self._teacher:
            teacher = self._teacher[0].to(inputs.device)
            return (teacher(inputs) / self.temperature).softmax(1)
        if 'gt_score' not in data_samples[0]:
            raise UserError(
                'SoftLabelClassifier has no soft labels: set model.teacher, '
                "or train_dataloader.dataset.type='SoftLabelDataset'")
        return torch.stack([sample.gt_score for sample in data_samples])
