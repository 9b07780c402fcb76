"""A detector's or segmentor's backbone takes a checkpoint of ours."""
import pytest
import torch
from hosts import small_config
from mmengine.model import BaseModule
from mmengine.runner import CheckpointLoader, Runner
from mmengine.runner.checkpoint import _load_checkpoint_with_prefix
from torchvision.models import resnet18


class Detector(BaseModule):
    """As mmdetection's: the backbone has an ``init_cfg`` of its own."""

    def __init__(self, checkpoint: str) -> None:
        super().__init__()
        self.backbone = Backbone(dict(
            type='Pretrained', checkpoint=checkpoint, prefix='backbone.'))
        self.bbox_head = torch.nn.Linear(2, 2)


class Backbone(BaseModule):
    """ResNet-18 with torchvision's names, as mmdetection and -seg have."""

    def __init__(self, init_cfg: dict) -> None:
        super().__init__(init_cfg)
        network = resnet18()
        del network.fc
        for name, module in network.named_children():
            self.add_module(name, module)


@pytest.fixture(scope='module')
def checkpoint(cifar_root, tmp_path_factory) -> str:
    """Of a ResNet-18 as wide as everybody's, after a step of each stage."""
    work_dir = tmp_path_factory.mktemp('transfer') / 'work'
    cfg = small_config('BYOL', cifar_root, work_dir, **{
        'model__backbone__base_channels': 64,
        'model__backbone__stem_channels': 64,
        'model__neck__in_channels': 512,
        'train_dataloader__dataset__indices': 16,
        'train_cfg__max_epochs': 1,
        'default_hooks__rela__schedule': dict(
            _delete_=True, type='FixedLambda', fraction=0.5, total_steps=2)})
    Runner.from_cfg(cfg).train()
    return str(work_dir / 'epoch_1.pth')


def test_init_cfg_of_a_detector(checkpoint):
    detector = Detector(checkpoint)
    detector.init_weights()
    saved = torch.load(checkpoint, weights_only=True)['state_dict']
    loaded = detector.backbone.state_dict()
    assert {f'backbone.{name}' for name in loaded} == {
        name for name in saved if name.startswith('backbone.')}
    for name, value in loaded.items():
        assert torch.equal(value, saved[f'backbone.{name}']), name


def test_without_registries(checkpoint):
    """``load_state_dict`` of plain PyTorch: nothing missing but the fc."""
    state = _load_checkpoint_with_prefix('backbone.', checkpoint)
    left = resnet18().load_state_dict(state, strict=False)
    assert left.unexpected_keys == []
    assert left.missing_keys == ['fc.weight', 'fc.bias']
    assert 'state_dict' in CheckpointLoader.load_checkpoint(checkpoint)
