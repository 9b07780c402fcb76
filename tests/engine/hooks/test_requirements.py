"""What a training lacks for RELA is said before its first step."""
import pytest
from hosts import small_config
from mmengine.config import ConfigDict
from mmengine.runner import Runner

from mmrela.errors import UserError


def plain_sampler(cfg):
    cfg.train_dataloader.sampler = dict(type='DefaultSampler', shuffle=True)


def plain_dataset(cfg):
    dataset = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type=dataset.host, data_root=dataset.data_root, split='train')


def plain_host(cfg):
    cfg.model.type = cfg.model.pop('host')
    del cfg.model['rela_head']


def iterations(cfg):
    cfg.train_cfg = ConfigDict(by_epoch=False, max_iters=4)


def small_epoch(cfg):
    cfg.train_dataloader.batch_size = 65


@pytest.mark.parametrize('change, reason', [
    (plain_sampler, 'sampler.type=RelaSampler'),
    (plain_dataset, 'dataset.type=RelaTargetDataset'),
    (plain_host, r"model = dict\(type='Rela', host='BYOL'"),
    (iterations, 'by_epoch=True'),
    (small_epoch, 'no batch: 64 samples a rank .*batch_size=65'),
])
def test_refused(change, reason, cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work')
    change(cfg)
    runner = Runner.from_cfg(cfg)
    with pytest.raises(UserError, match=reason):
        runner.train()
    assert runner.iter == 0
