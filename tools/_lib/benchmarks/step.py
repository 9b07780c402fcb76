"""Training steps on batches that are there: ours, PyTorch's, the host's."""
from __future__ import annotations

from copy import deepcopy
from functools import partial

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, default_collate
from mmengine.logging import MessageHub
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.registry import DATASETS, MODELS, TRANSFORMS
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmrela.batched import DeviceRelaTargetDataset
from mmrela.pictures.hue import mended_hue
from mmrela.resolve import resolve

from .baselines.bare_loop import DEVICE, BareLoop, optimizer_of
from .plan import Case, Plan, Ratio
from .variants import plain_host

VIEWS = {1: 'one view', 2: 'two views'}


def plan(cfg: Config, image_size: int) -> Plan:
    """RELA's steps, the bare loop's, and the host's with and without us.

    Args:
        cfg: Any leaf.
        image_size: Side of the random images that its views are made of.
    """
    torch.backends.cudnn.benchmark = cfg.env_cfg.get('cudnn_benchmark', False)
    # Momentum schedules read it, and there is no Runner to write it.
    MessageHub.get_current_instance().update_info('max_iters', 10**6)
    host = getattr(resolve(cfg.model.host, MODELS), '__name__', '')
    cases: dict[str, Case] = {}
    weak = {views: rela_batch(cfg, image_size, views) for views in VIEWS}
    for views, batch in weak.items():
        model = build(cfg)
        bare = BareLoop(cfg, model)
        cases[f'RELA, {VIEWS[views]}'] = trainer(cfg, model, batch)
        cases[f'bare loop, {VIEWS[views]}'] = partial(
            bare.step, batch['inputs'], targets_of(batch))
    plain, ours = same_weights(cfg, weak[1])
    strong = batch_of(cfg, cfg.train_dataloader.dataset.pipeline, image_size)
    cases[f'plain {host}'] = trainer(cfg, plain, strong)
    cases[f'{host} after RELA'] = trainer(cfg, ours, strong)
    shape = tuple(strong['inputs'][0].shape)
    return Plan(
        f'Training step of {cfg.filename}, views {shape}', cases,
        ratios(host), cfg.train_dataloader.batch_size)


def ratios(host: str) -> list[Ratio]:
    """A RELA step by the bare loop's and by the host's, and what it leaves."""
    plain = f'plain {host}'
    bare = [Ratio(f'RELA / bare loop, {name}', f'RELA, {name}',
                  f'bare loop, {name}') for name in VIEWS.values()]
    after = Ratio(f'{host} after RELA / {plain}', f'{host} after RELA', plain)
    saved = [Ratio(f'RELA / {host}, {name}', f'RELA, {name}', plain)
             for name in VIEWS.values()]
    return [*bare, after, *saved]


def build(cfg: Config) -> BaseSelfSupervisor:
    """The config's model with its initial weights, as a Runner builds it."""
    torch.manual_seed(0)
    model = MODELS.build(deepcopy(dict(
        dict(data_preprocessor=cfg.get('data_preprocessor')), **cfg.model)))
    model.init_weights()
    return model.to(DEVICE).train()


def same_weights(cfg: Config, batch: dict) -> tuple[BaseSelfSupervisor, ...]:
    """The plain host and ours after a RELA step, with one set of weights."""
    ours, plain = build(cfg), build(plain_host(cfg))
    trainer(cfg, ours, batch)()
    plain.load_state_dict({
        key: value for key, value in ours.state_dict().items()
        if not key.startswith('rela_head.')})
    return plain, ours


def trainer(cfg: Config, model: nn.Module, batch: dict) -> partial:
    """One step of a model through mmengine, with an optimiser of its own."""
    return partial(model.train_step, batch, optimizer_of(cfg, model))


def rela_batch(cfg: Config, image_size: int, views: int) -> dict:
    """A batch of the RELA stage: weak views and targets, all random."""
    pipeline = deepcopy(cfg.train_dataloader.dataset.rela_pipeline)
    pipeline[0].num_views = views
    return batch_of(cfg, pipeline, image_size,
                    targets=cfg.model.rela_head.out_channels)


def targets_of(batch: dict) -> Tensor:
    """They as a plain data set would give them, (N, k)."""
    targets = torch.stack([torch.as_tensor(s.rela_target)
                           for s in batch['data_samples']])
    if targets.is_cpu and torch.cuda.is_available():
        return targets.pin_memory()
    return targets


def batch_of(cfg: Config, pipeline: list[dict], image_size: int,
             targets: int | None = None) -> dict:
    """What the leaf's loader gives, of random images."""
    views = Compose([TRANSFORMS.build(t) for t in pipeline
                     if not getattr(resolve(t['type'], TRANSFORMS),
                                    '__name__', '').startswith('Load')])
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(cfg.train_dataloader.batch_size):
        image = rng.integers(256, size=(image_size, image_size, 3))
        with mended_hue():
            samples.append(views(dict(img=image.astype(np.uint8))))
        if targets:
            samples[-1]['data_samples'].set_field(
                rng.normal(size=targets).astype(np.float32), 'rela_target')
    loader = DataLoader(samples, len(samples), collate_fn=default_collate,
                        pin_memory=torch.cuda.is_available())
    batch = next(iter(loader))
    dataset = resolve(cfg.train_dataloader.dataset.type, DATASETS)
    if dataset is not DeviceRelaTargetDataset:
        return batch
    return {key: [item.to(DEVICE) for item in items]
            for key, items in batch.items()}
