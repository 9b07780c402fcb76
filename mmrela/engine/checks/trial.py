"""One small batch of each stage, before the first step."""
from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from math import isfinite

import torch
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ...datasets.samplers.rela_sampler import RelaIndex
from ...errors import UserError, said
from ...models.features import checked_features, host_name, refused
from ...rng import seeded, undisturbed


def try_stages(runner: Runner, model: nn.Module, lams: Sequence[int]) -> None:
    """Let copies of the model go through what the training will ask of it.

    The first images of the data set come as the loader brings them, as few
    as divide a batch; if the host fails with these, a whole batch. Weights,
    buffers and random states of the training stay as they are.

    Args:
        runner: The runner; its loader and optimiser's wrapper are built.
        model: Its model without DDP's wrapper.
        lams: λ of the stages to try.

    Raises:
        UserError: RELA's features or one of the losses would not do.
    """
    gpus = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with undisturbed(gpus), seeded():
        try:
            deepcopy(model)
        except Exception as e:  # trained it may be all the same
            runner.logger.warning(f'{_name(model)} cannot be copied, and is '
                                  f'not tried before its training: {said(e)}')
            return
        for lam in lams:
            (_try_rela if lam else _try_host)(runner, model)


def _try_rela(runner: Runner, model: nn.Module) -> None:
    copy = deepcopy(model)
    few, _ = _sizes(runner.train_dataloader)
    try:
        data = _data(runner, copy, few, 1)
        views = data['inputs']
    except UserError:
        raise
    except Exception as e:  # whatever a user's own code may raise
        raise refused(copy, 'loading or preprocessing weak views failed '
                      f'({said(e)})') from e
    if len(views) == 0:
        raise UserError('train_dataloader.dataset.rela_pipeline makes no '
                        'view: set its num_views to 1 or more')
    with runner.optim_wrapper.optim_context(copy):  # mixed precision's, too
        width = checked_features(
            copy, [views] if isinstance(views, Tensor) else views)
    head = copy.rela_head.fc.in_features
    if width != head:
        raise UserError(
            f'model.rela_head.in_channels={head}, but the features of '
            f'{_name(copy)} have {width} numbers: set it to {width}')
    loss = _loss(runner, copy, data)
    if not isfinite(loss):
        raise UserError(
            f"{_name(copy)}: RELA's loss of the first images is {loss}, their "
            'features in eval mode are finite: train without --amp, or look '
            "for what the backbone's layers do in training mode alone")


def _try_host(runner: Runner, model: nn.Module) -> None:
    for size in _sizes(runner.train_dataloader):
        copy = deepcopy(model)
        try:
            loss = _loss(runner, copy, _data(runner, copy, size, 0))
            if isfinite(loss):
                return
            what = f'its loss of {size} images is {loss}'
        except UserError:
            raise
        except Exception as e:  # whatever a host's own code may raise
            what = f'{said(e)}, with {size} images'
    raise UserError(
        f"the host's own stage would fail after the hand-over, {_name(model)}:"
        f' {what}; correct model or train_dataloader.dataset.pipeline')


def first_batches(loader: DataLoader, size: int, lam: int | None,
                  count: int = 1) -> DataLoader:
    """The first samples of a training, as its loader would bring them.

    A worker loads them where the training has workers: a data set may open
    its files when it is first read, and not bear a fork afterwards.

    Args:
        loader: Of the training; it is not asked.
        size: Images of each batch, at most.
        lam: λ of the stage; ``None`` where the training has none.
        count: Of the batches; a small data set repeats itself.
    """
    images = len(loader.dataset)
    rows = [[n % images for n in range(i * size, (i + 1) * size)][:images]
            for i in range(count)]
    return DataLoader(
        loader.dataset, collate_fn=loader.collate_fn,
        batch_sampler=rows if lam is None else [
            [RelaIndex(i, lam, i) for i in row] for row in rows],
        num_workers=min(loader.num_workers, 1),
        worker_init_fn=loader.worker_init_fn,
        multiprocessing_context=loader.multiprocessing_context)


def _data(runner: Runner, model: nn.Module, size: int, lam: int) -> dict:
    [batch] = first_batches(runner.train_dataloader, size, lam)
    return model.data_preprocessor(batch, True)


def _loss(runner: Runner, model: nn.Module, data: dict) -> float:
    with runner.optim_wrapper.optim_context(model):
        losses = model._run_forward(data, mode='loss')
    return model.parse_losses(losses)[0].item()


def _sizes(loader: DataLoader) -> tuple[int, int]:
    """Images of a small batch, which divide a batch, and of a batch."""
    size = loader.batch_sampler.batch_size
    return next((n for n in range(2, size) if size % n == 0), size), size


def _name(model: nn.Module) -> str:
    return f'model.host={host_name(model)}'
