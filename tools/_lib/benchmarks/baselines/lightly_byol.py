"""BYOL as a user of lightly writes it, on a leaf's images and backbone."""
from __future__ import annotations

from copy import deepcopy

import torch
from lightly.loss import NegativeCosineSimilarity
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
from lightly.models.utils import deactivate_requires_grad, update_momentum
from lightly.transforms import BYOLTransform
from lightly.transforms.byol_transform import (
    BYOLView1Transform,
    BYOLView2Transform,
)
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmpretrain.registry import DATASETS, MODELS
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from mmrela.models.pooling import pool_features
from mmrela.pictures.access import load_sample

from ..variants import plain_host


class _Images(Dataset):
    """The leaf's images through lightly's transforms for BYOL, unblurred."""

    def __init__(self, cfg: Config) -> None:
        self.dataset = DATASETS.build(plain_host(cfg).train_dataloader.dataset)
        side = len(load_sample(self.dataset, 0)['img'])
        self.views = BYOLTransform(
            BYOLView1Transform(input_size=side, gaussian_blur=0.),
            BYOLView2Transform(input_size=side, gaussian_blur=0.))

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> list[Tensor]:
        image = load_sample(self.dataset, index)['img']
        return self.views(Image.fromarray(image))


class LightlyBYOL:
    """Backbone, head widths, optimiser and loader's settings are the leaf's.

    Args:
        cfg: A leaf of BYOL.
    """

    def __init__(self, cfg: Config) -> None:
        self.device = 'cuda' if torch.cuda.is_available() else 'cpu'
        widths = [cfg.model.neck[key] for key in (
            'in_channels', 'hid_channels', 'out_channels')]
        project = BYOLProjectionHead(*widths)
        predict = BYOLPredictionHead(widths[2], widths[1], widths[2])
        self.model = nn.ModuleDict(dict(
            backbone=MODELS.build(cfg.model.backbone), project=project,
            predict=predict)).to(self.device)
        self.target = deepcopy(self.model)
        deactivate_requires_grad(self.target)
        self.momentum = 1 - cfg.model.base_momentum
        self.criterion = NegativeCosineSimilarity()
        self.optimizer = build_optim_wrapper(
            self.model, deepcopy(cfg.optim_wrapper)).optimizer
        loader = cfg.train_dataloader
        self.loader = DataLoader(
            _Images(cfg), loader.batch_size, shuffle=True,
            drop_last=loader.get('drop_last', False),
            num_workers=loader.num_workers,
            persistent_workers=loader.get('persistent_workers', False),
            pin_memory=torch.cuda.is_available())

    def epoch(self) -> None:
        """Train on all images once."""
        for views in self.loader:
            for part in ('backbone', 'project'):
                update_momentum(
                    self.model[part], self.target[part], self.momentum)
            first, second = (
                view.to(self.device, non_blocking=True) for view in views)
            loss = (self._loss(first, second) + self._loss(second, first)) / 2
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def _loss(self, online: Tensor, target: Tensor) -> Tensor:
        predicted = self.model.predict(self._project(self.model, online))
        with torch.no_grad():
            wanted = self._project(self.target, target)
        return self.criterion(predicted, wanted)

    @staticmethod
    def _project(model: nn.ModuleDict, view: Tensor) -> Tensor:
        return model.project(pool_features(model.backbone(view)))
