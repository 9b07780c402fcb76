"""Switches colours of views from the workers to the device."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from mmcv.transforms import Compose
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import IterBasedTrainLoop, Runner
from mmpretrain.engine import SwitchRecipeHook
from mmpretrain.utils import get_ori_model

from ...batched import ViewCollate, finish_views, leave_colours
from ...batched.split import split_pipeline


@HOOKS.register_module()
class DeviceColoursHook(Hook):
    """Lets workers load, crop and flip, and the device do the rest.

    From each view's first change of colours on (jitter, grey, blur,
    solarisation), the config's own pipeline is done to whole batches where
    the model is, before the model's data preprocessor; for the host's
    views and for RELA's, and for a config without RELA. Each sample's seed
    decides. The views' distributions are the pipeline's, the draws are
    others.

    Raises:
        UserError: before the training: a pipeline cannot be split so; see
            :func:`~mmrela.batched.split.leave_colours`.
    """

    priority = 'HIGHEST'  # the others try the loader as it will be

    def before_train(self, runner: Runner) -> None:
        loader = runner.train_dataloader
        # `num_batch_per_epoch` makes mmengine put a shorter one around it.
        leave_colours(getattr(loader.dataset, '_dataset', loader.dataset))
        for pipeline in _later(runner):
            split_pipeline(pipeline.transforms,
                           'train_pipeline of SwitchRecipeHook')
        loader.collate_fn = ViewCollate(loader.collate_fn)
        loader.pin_memory = loader.pin_memory or torch.cuda.is_available()
        preprocessor = get_ori_model(runner.model).data_preprocessor
        preprocessor.register_forward_pre_hook(finish_views)
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            # Its workers have begun with the pipeline as it was.
            loader._iterator = None
            loop = runner.train_loop
            loop.dataloader_iterator = type(loop.dataloader_iterator)(loader)


def _later(runner: Runner) -> Iterator[Compose]:
    """Pipelines that mmpretrain's hook puts into place in later epochs."""
    for hook in runner.hooks:
        if isinstance(hook, SwitchRecipeHook):
            for recipe in hook.schedule.values():
                if 'train_pipeline' in recipe:
                    yield recipe['train_pipeline']
