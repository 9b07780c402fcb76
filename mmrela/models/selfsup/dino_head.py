"""DINO's loss (arXiv:2104.14294, section 3.1)."""
from __future__ import annotations

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class DINOHead(BaseModule):
    """Cross-entropy to the teacher's centred and sharpened softmax.

    Args:
        out_channels: Number of prototypes, K.
        warmup_iters: Steps in which the teacher's temperature rises.
        student_temp: Temperature of the student.
        warmup_teacher_temp: The teacher's at the first step.
        teacher_temp: The teacher's after the warm-up.
        center_momentum: Share of the old centre in the new one.
    """

    def __init__(self,
                 out_channels: int,
                 warmup_iters: int,
                 student_temp: float = 0.1,
                 warmup_teacher_temp: float = 0.04,
                 teacher_temp: float = 0.07,
                 center_momentum: float = 0.9,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.warmup_iters = warmup_iters
        self.student_temp = student_temp
        self.warmup_teacher_temp = warmup_teacher_temp
        self.teacher_temp = teacher_temp
        self.center_momentum = center_momentum
        self.register_buffer('center', torch.zeros(out_channels))
        self.register_buffer('steps', torch.tensor(0))

    def temperature(self) -> Tensor | float:
        """The teacher's, at this step."""
        if not self.warmup_iters:
            return self.teacher_temp
        done = (self.steps / self.warmup_iters).clamp(max=1)
        rise = self.teacher_temp - self.warmup_teacher_temp
        return self.warmup_teacher_temp + done * rise

    def loss(self, student: list[Tensor], teacher: list[Tensor]) -> Tensor:
        """Mean over the pairs of different views (equation 3 sums them).

        Counts as a step of the centre and of the warm-up.

        Args:
            student: Logits of each view, (N, K).
            teacher: Those of the first views, (N, K).
        """
        targets = [((logits.float() - self.center)
                    / self.temperature()).softmax(1).detach()
                   for logits in teacher]
        logs = [(logits.float() / self.student_temp).log_softmax(1)
                for logits in student]
        terms = [-(p * log_q).sum(1).mean() for i, p in enumerate(targets)
                 for j, log_q in enumerate(logs) if i != j]
        self._step(teacher)
        return sum(terms) / len(terms)

    @torch.no_grad()
    def _step(self, teacher: list[Tensor]) -> None:
        """Move the centre to the mean of all ranks (equation 4)."""
        mean = torch.cat(teacher).float().mean(0)
        all_reduce(mean, op='mean')
        self.center.lerp_(mean, 1 - self.center_momentum)
        self.steps += 1
