"""RELA's step by cached targets, and with the prior run in every step."""
from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from mmengine.config import Config
from PIL import Image
from torch import Tensor

from mmrela.errors import UserError
from mmrela.priors import Prior, build_prior

from .baselines.bare_loop import DEVICE
from .plan import Case, Plan, Ratio
from .step import build, rela_batch, trainer

CACHED = 'RELA, cached targets'


def plan(cfg: Config, image_size: int, spelling: str) -> Plan:
    """The same step on the same weak views, with and without the prior.

    Args:
        cfg: Any leaf.
        image_size: Side of the random images that its views are made of.
        spelling: The prior, as ``gen_targets.py --prior`` takes it.

    Raises:
        UserError: of the prior, or it is no single model.
    """
    torch.backends.cudnn.benchmark = cfg.env_cfg.get('cudnn_benchmark', False)
    prior = build_prior(spelling, None, None, cfg)
    cached, batch = (rela_batch(cfg, image_size, 1) for _ in range(2))
    teacher = live_targets(prior, batch['inputs'][0],
                           cfg.model.rela_head.out_channels)
    step = trainer(cfg, build(cfg), batch)

    def live_step() -> None:
        for sample, target in zip(batch['data_samples'], teacher()):
            sample.set_field(target, 'rela_target')
        step()

    live = f'RELA, {prior.name} in every step'
    cases: dict[str, Case] = {
        CACHED: trainer(cfg, build(cfg), cached), live: live_step}
    shape = tuple(batch['inputs'][0].shape)
    side = tuple(seen_by(prior, shape[-1]).shape[1:])
    return Plan(
        f'Training step of {cfg.filename}, views {shape}, {prior.name} at '
        f'{side[0]} x {side[1]}', cases,
        [Ratio(f'{live} / {CACHED}', live, CACHED)],
        cfg.train_dataloader.batch_size)


def seen_by(prior: Prior, side: int) -> Tensor:
    """A black square as the prior's preprocessing leaves it, (3, H, W).

    Raises:
        UserError: it has none: it looks features up, or is several priors.
    """
    if prior.preprocess is None:
        raise UserError(f'{prior.name} does not look at views by itself: pass '
                        'one model to --live-teacher')
    return prior.preprocess(Image.new('RGB', (side, side)))


def live_targets(prior: Prior, view: Tensor, width: int
                 ) -> Callable[[], Tensor]:
    """What computes targets of views that are tensors already.

    They are resized to what the prior sees; its features are projected, as
    a PCA's would be.

    Args:
        prior: The teacher.
        view: (N, 3, H, W) uint8.
        width: Components of each target, k.

    Returns:
        A function of nothing to (N, k) float32 on the model's device.
    """
    model = prior.model.to(DEVICE)
    if DEVICE == 'cuda':
        model.to(memory_format=torch.channels_last)
    black = seen_by(prior, view.shape[-1])
    with torch.no_grad():
        dim = model(black[None].to(DEVICE)).shape[1]
    projection = torch.randn(dim, width, device=DEVICE)

    @torch.no_grad()
    def targets() -> Tensor:
        x = view.to(DEVICE, non_blocking=True).float() / 255
        x = F.interpolate(x, black.shape[1:], mode='bilinear')
        if DEVICE == 'cuda':
            x = x.contiguous(memory_format=torch.channels_last)
        return model(x).float() @ projection

    return targets
