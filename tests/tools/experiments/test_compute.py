"""Counted passes are those that the backbones make."""
from __future__ import annotations

import pytest
import torch
from hosts import DIM, HOSTS, small_config
from mmengine.logging import MessageHub
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from _lib.experiments.compute import VIEWS, images, over_time, passes
from mmrela import registry  # noqa: F401
from mmrela.engine.hand_over.backbone_hold import BackboneHold

BATCH = 8


def seen(model, views: int, targets: bool) -> float:
    """Passes of an image in one loss; a third for one without a gradient."""
    counted = 0

    def count(_, args, found) -> None:
        nonlocal counted
        weight = 1 if found[0].requires_grad else 1 / 3
        counted += weight * len(args[0]) / BATCH

    backbones = [module.register_forward_hook(count)
                 for module in model.modules()
                 if type(module) is type(model.backbone)]
    samples = [DataSample() for _ in range(BATCH)]
    for sample in samples * targets:
        sample.set_field(torch.randn(DIM), 'rela_target')
    inputs = [torch.randn(BATCH, 3, 32, 32) for _ in range(views)]
    if views == 1:  # a classifier's batch has no views
        inputs, = inputs
        for sample in samples:
            sample.set_gt_label(0)
    model.loss(inputs, samples)
    for handle in backbones:
        handle.remove()
    return counted


@pytest.mark.parametrize('host', VIEWS)
def test_passes_of_a_step(host, cifar_root, tmp_path):
    MessageHub.get_current_instance().update_info('max_iters', 10)
    cfg = small_config(host, cifar_root, tmp_path / 'work')
    cfg.train_dataloader.dataset.rela_pipeline[0].num_views = 3
    model = MODELS.build(cfg.model).train()
    views = 1 if host == 'ImageClassifier' else 2
    found = [seen(model, 3, targets=True), seen(model, views, targets=False)]
    hold = BackboneHold(1)
    hold.enter(model, 0)
    found.append(seen(model, views, targets=False))
    assert passes(cfg) == pytest.approx(found)
    cfg.model.host = 'Unknown'
    assert passes(cfg) is None


def test_all_hosts_of_tables_are_listed():
    assert set(VIEWS) == {*HOSTS} - {'MAE', 'SimMIM'}


@pytest.mark.parametrize('prior, fraction, switch, hold, expected', [
    ('random', None, 4, 0, 4 * 1 + 6 * 2), ('random', None, None, 3, 10),
    ('random', None, 4, 5, 4 * 1 + 5 * 0.5 + 2),
    ('random', None, 4, 7, 4 * 1 + 6 * 0.5), ('random', 0.5, 99, 3, 10),
    ('random', 0, None, 3, 20), ('none', None, None, 3, 20)])
def test_images_up_to_a_step(prior, fraction, switch, hold, expected):
    """A plain host has nothing to hold its backbone for."""
    line = dict(prior=prior, switch_step=switch, batch_size=500,
                passes=(1, 2, 0.5), options={
                    'default_hooks.rela.schedule.fraction': fraction,
                    'default_hooks.rela.hold': hold})
    assert images(line, 10) == expected / 2


@pytest.mark.parametrize('step, relas', [(40, 40), (50, 48.75), (80, 60)])
def test_images_while_rela_fades(step, relas):
    """λ is 1 at step 40, 0.75 at 50 and 0 at 80: its mean is the share."""
    line = dict(prior='random', switch_step=40, batch_size=1000, steps=80,
                passes=(1, 2, 0.5), options={'default_hooks.rela.fade': 1})
    assert images(line, step) == relas + 2 * (step - relas)


def test_seconds_include_the_targets():
    line = dict(knn=[[0, 0, 10], [8, 4, 30]])
    assert over_time(line | dict(target_seconds=3), 'knn') == [
        (0, 3, 10), (8, 7, 30)]
    assert over_time(line, 'knn') == [(0, 0, 10), (8, 4, 30)]
    assert over_time(line, 'linear') == []
