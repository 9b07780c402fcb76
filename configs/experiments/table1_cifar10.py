# Paper, table 1, CIFAR-10: BYOL with and without RELA at four budgets, the
# most telling ones first. A budget is the share of the images that each epoch
# draws anew. Beside the paper's baseline, whose learning rate is constant,
# stands one with warm-up and cosine, at three rates. CF10-T is our own BYOL of
# the full budget as the prior.
_base_ = ['_base_/narrow.py', '_base_/networks.py']
title = 'BYOL with and without RELA on CIFAR-10, by budget'
baseline = 'BYOL, 100 %'  # for cost to accuracy, Fig. 4c
priors = dict(cf10_t=dict(of='BYOL, 100 %'), **_base_._networks)

_byol = 'configs/byol_rela_r18_cifar10_device.py'
_cosine = 'configs/experiments/_base_/byol_cosine.py'
_rate = 'optim_wrapper.optimizer.lr'
_warm_up = ['param_scheduler.0.end', 'param_scheduler.1.begin']
_rows = [
    ('BYOL', _byol, 'none', dict(small={_rate: 1e-4})),
    ('BYOL + RELA, MobileNet-V2', _byol, 'mobilenet_v2', {}),
    ('BYOL + RELA, random prior', _byol, 'random', {}),
    ('BYOL, warm-up and cosine', _cosine, 'none', dict(smoke=dict.fromkeys(_warm_up, 1), small=dict.fromkeys(_warm_up, 2))),
]
_cf10_t = ('BYOL + RELA, CF10-T', _byol, 'cf10_t', {})  # after its teacher
rows = [
    dict(
        name=f'{name}, {budget} %', config=config, prior=prior, at=at,
        overrides={'train_dataloader.sampler.ratio': budget / 100})
    for budgets, group in (([10, 100, 20, 50], _rows), ([10, 20, 50, 100], [_cf10_t]))
    for budget in budgets
    for name, config, prior, at in group
] + [
    dict(name='Untrained', config=_byol, prior='none', overrides={'train_cfg.max_epochs': 0})
] + [  # above, the rate is 1e-3
    dict(
        name=f'BYOL, warm-up and cosine, lr {rate}, {budget} %', config=_cosine, prior='none',
        sizes=['small', 'paper'], at=dict(small=dict.fromkeys(_warm_up, 2)),
        overrides={'train_dataloader.sampler.ratio': budget / 100, _rate: rate})
    for rate in (3e-4, 3e-3)
    for budget in (20, 100)
] + [
    dict(
        name=f'RELA alone, {label}, {budget} %', config=_byol, prior=prior, sizes=['paper'],
        overrides={**_base_._alone, 'train_dataloader.sampler.ratio': budget / 100})
    for budget in (10, 20)
    for prior, label in (('mobilenet_v2', 'MobileNet-V2'), ('random', 'random prior'))
] + [
    dict(
        name=f'BYOL + RELA, {label}, {budget} %', config=_byol, prior=prior, sizes=['smoke', 'paper'],
        overrides={'train_dataloader.sampler.ratio': budget / 100})
    for budget in (10, 20, 50)
    for prior, label in _base_._others.items()
]
_knn = {'default_hooks.knn.type': 'OnlineKNNHook'}
# 140 steps at 10 %. Algorithm 1 is not made faster in proportion, by 28: in a
# trial it handed over at step 20 with the random prior.
sizes = dict(
    smoke=dict(overrides={'train_dataloader.batch_size': 8, **_knn}),
    small=dict(
        notes='ResNet-18 with the ImageNet stem and half the width, the first 10,000 training images, batch 128, '
        '20 epochs of 7, 15, 39 or 78 steps, one weak view; the probe is trained on the same images '
        'and tested on all 10,000 test images. Algorithm 1 is 10 times faster than in the paper.',
        overrides={'train_cfg.max_epochs': 20, **_knn, 'default_hooks.knn.interval': 2}),
    paper=dict(overrides={**_knn, 'default_hooks.knn.interval': 20, 'default_hooks.knn.limit': 10000}))
