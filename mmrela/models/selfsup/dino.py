"""DINO: self-distillation from a momentum teacher without labels."""
from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import torch
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.models.utils import CosineEMA
from mmpretrain.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class DINO(BaseSelfSupervisor):
    """DINO (arXiv:2104.14294).

    The first two views are global ones, which teacher and student see;
    any others (multi-crop) go through the student alone. Steps count calls of
    :meth:`loss`, in the checkpointed buffer ``head.steps``.

    Args:
        backbone: Config of the backbone.
        neck: Config of :class:`DINONeck`.
        head: Config of :class:`DINOHead`.
        base_momentum: Share of the student in the teacher's first update;
            anneals to 0 (:class:`CosineEMA`).
        freeze_last_layer: Steps before the prototypes begin to learn. Under
            DDP it needs ``find_unused_parameters=True``.
        **kwargs: Those of :class:`BaseSelfSupervisor`.
    """

    def __init__(self,
                 backbone: dict,
                 neck: dict,
                 head: dict,
                 base_momentum: float = 0.004,
                 freeze_last_layer: int = 0,
                 **kwargs) -> None:
        super().__init__(backbone=backbone, neck=neck, head=head, **kwargs)
        self.target_net = CosineEMA(
            nn.Sequential(self.backbone, self.neck), momentum=base_momentum)
        self.freeze_last_layer = freeze_last_layer

    def loss(self, inputs: list[Tensor], data_samples: list,
             **kwargs) -> dict[str, Tensor]:
        """Loss of two or more views, each (N, C, H, W) of its own size.

        Raises:
            ValueError: fewer than two views.
        """
        if len(inputs) < 2:
            raise ValueError(f'DINO takes at least 2 views: {len(inputs)}')
        freeze = bool(self.head.steps < self.freeze_last_layer)
        with torch.no_grad():
            # First of all, so that the teacher starts as the student.
            self.target_net.update_parameters(
                nn.Sequential(self.backbone, self.neck))
            teacher = each_view(self.target_net, inputs[:2])
        student = each_view(
            lambda x: self.neck(self.backbone(x), freeze), inputs)
        return dict(loss=self.head.loss(student, teacher))


def each_view(network: Callable[[Tensor], tuple[Tensor, ...]],
              views: list[Tensor]) -> list[Tensor]:
    """Output of each view; neighbours of one size share a batch."""
    outputs: list[Tensor] = []
    for _, group in groupby(views, key=lambda view: view.shape):
        same = list(group)
        outputs += network(torch.cat(same))[0].chunk(len(same))
    return outputs
