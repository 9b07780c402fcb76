# BYOL's learning rate, constant as in the paper and with warm-up and cosine,
# by images that are neither trained on nor tested on elsewhere: the last
# 10,000 training images.
_base_ = '_base_/narrow.py'
title = "BYOL's learning rate on held-out images of CIFAR-10"
_configs = {
    'BYOL': 'configs/byol_rela_r18_cifar10_device.py',
    'BYOL, warm-up and cosine': 'configs/experiments/_base_/byol_cosine.py',
}
_at = {
    'BYOL': {},
    'BYOL, warm-up and cosine': {'param_scheduler.0.end': 1, 'param_scheduler.1.begin': 1},
}
rows = [
    dict(
        name=f'{name}, lr {rate:g}', config=config, prior='none',
        overrides={'optim_wrapper.optimizer.lr': rate, 'probe.test.split': 'train', 'probe.test.indices': -10000},
        at=dict(smoke={**_at[name], 'probe.test.indices': -256}, small=_at[name]))
    for name, config in _configs.items()
    for rate in (3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
]
sizes = dict(
    small=dict(
        notes='ResNet-18 with the ImageNet stem and half the width, the first 10,000 training images, batch 128, '
        '6 epochs of 78 steps; the probe is trained on the same images and tested on the last 10,000 training images.',
        seeds=[0],
        overrides={'train_cfg.max_epochs': 6}),
    paper=dict(
        notes="The paper's setting, but trained and probed on the first 40,000 training images, and tested on the last "
        '10,000.',
        seeds=[0],
        overrides={'train_dataloader.dataset.indices': 40000, 'probe.train.indices': 40000}))
