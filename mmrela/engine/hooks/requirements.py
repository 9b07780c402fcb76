"""What a training must have for RELA, each with its cure."""
from __future__ import annotations

from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn

from ...datasets.rela_target import RelaTargetDataset
from ...datasets.sampler import RelaSampler
from ...errors import UserError


def require(runner: Runner, model: nn.Module) -> None:
    """Look at a runner before its first step.

    Args:
        runner: The runner; its loader, loop and model are built.
        model: Its model without DDP's wrapper.

    Raises:
        UserError: something lacks; names the key.
    """
    loader = runner.train_dataloader
    sampler = getattr(loader.batch_sampler, 'sampler', None)
    if not isinstance(sampler, RelaSampler) or not isinstance(
            loader.dataset, RelaTargetDataset):
        raise UserError(
            'AdaptiveLambdaHook needs train_dataloader.sampler.type='
            'RelaSampler and train_dataloader.dataset.type='
            'RelaTargetDataset')
    if not hasattr(model, 'rela_head'):
        raise UserError("AdaptiveLambdaHook needs model = dict(type='Rela', "
                        f"host='{type(model).__name__}', rela_head=…, …)")
    if not isinstance(runner.train_loop, EpochBasedTrainLoop):
        # mmengine's loop by iterations asks for data before any hook runs.
        raise UserError('RELA trains by epochs: set train_cfg = dict('
                        'by_epoch=True, max_epochs=…)')
    if not len(loader):
        raise UserError(
            f'an epoch has no batch: {len(sampler)} samples a rank are '
            'fewer than train_dataloader.batch_size='
            f'{loader.batch_sampler.batch_size}, and drop_last is set')
