"""What loader and loop must be for RELA, each with its cure."""
from __future__ import annotations

from mmengine.dist import get_world_size
from mmengine.hooks import CheckpointHook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.data import BatchSampler, DataLoader

from ...datasets.rela_target import RelaTargetDataset
from ...datasets.samplers.rela_sampler import RelaSampler
from ...errors import UserError


def require_loader(loader: DataLoader) -> None:
    """Refuse one that does not stamp its samples, or mixes their stages.

    Raises:
        UserError: names the key.
    """
    sampler = getattr(loader.batch_sampler, 'sampler', None)
    # `num_batch_per_epoch` makes mmengine put a shorter one around it.
    dataset = getattr(loader.dataset, '_dataset', loader.dataset)
    if not isinstance(sampler, RelaSampler) or not isinstance(
            dataset, RelaTargetDataset):
        raise UserError(
            'AdaptiveLambdaHook needs train_dataloader.sampler.type='
            'RelaSampler and train_dataloader.dataset.type='
            "RelaTargetDataset; another sampler's order goes into "
            'train_dataloader.sampler.order')
    if type(loader.batch_sampler) is not BatchSampler:
        raise UserError(
            f'{type(loader.batch_sampler).__name__} might put both stages '
            'into one batch: remove train_dataloader.batch_sampler')
    if len(loader.dataset) > len(dataset):
        raise UserError(
            f'train_dataloader.num_batch_per_epoch asks for '
            f'{len(loader.dataset)} samples, the data set has {len(dataset)}')


def require_loop(runner: Runner) -> None:
    """Refuse several optimisers, an unknown loop, and checkpoints in a step.

    Raises:
        UserError: names the key.
    """
    wrapper, loop = runner.optim_wrapper, runner.train_loop
    if isinstance(wrapper, OptimWrapperDict):
        raise UserError(
            'RELA trains with one optimiser, not OptimWrapperDict: '
            'let optim_wrapper.constructor return an OptimWrapper, whose '
            'groups of parameters may have rates of their own')
    counts = wrapper._accumulative_counts
    if not isinstance(loop, (EpochBasedTrainLoop, IterBasedTrainLoop)):
        raise UserError(
            f'RELA does not know train_cfg.type={type(loop).__name__}: take '
            'EpochBasedTrainLoop, IterBasedTrainLoop, or a subclass')
    if isinstance(loop, EpochBasedTrainLoop):
        return
    for hook in runner.hooks:
        # A checkpoint does not hold the gradients of half a step.
        if isinstance(hook, CheckpointHook) and not hook.by_epoch and (
                hook.interval > 0 and hook.interval % counts):
            raise UserError(
                f'default_hooks.checkpoint.interval={hook.interval} would '
                'save within an optimiser step: set it to a multiple of '
                f'optim_wrapper.accumulative_counts={counts}')


def require_batches(batches: BatchSampler, model: nn.Module) -> None:
    """Refuse an epoch without a batch, and one image where two are needed.

    Raises:
        UserError: names the key.
    """
    samples, size = len(batches.sampler), batches.batch_size
    if not len(batches):
        raise UserError(
            f'an epoch has no batch: {samples} samples a rank are '
            f'fewer than train_dataloader.batch_size={size}, and drop_last '
            'is set')
    if (samples % size == 1 and not batches.drop_last or size == 1) and any(
            _needs_two(module) for module in model.modules()):
        raise UserError(
            f'with {samples} samples a rank and train_dataloader.batch_size='
            f'{size}, an epoch ends with a batch of one image, which '
            'BatchNorm refuses: set train_dataloader.drop_last=True, or '
            'another batch_size')


def _needs_two(module: nn.Module) -> bool:
    return isinstance(module, _BatchNorm) and not (
        isinstance(module, nn.SyncBatchNorm) and get_world_size() > 1)
