# SimCLR with and without RELA by budget, at a size (mid) at which the method
# itself learns on two CPU cores. RELA has the rate of the paper.
_base_ = '_base_/narrow.py'
title = 'SimCLR with and without RELA on CIFAR-10, by budget'
baseline = 'SimCLR, 100 %'  # for cost to accuracy, Fig. 4c

_config = 'configs/experiments/_base_/simclr_cosine.py'
_rate, _epochs = 'optim_wrapper.optimizer.lr', 'train_cfg.max_epochs'
_warm_up = ['param_scheduler.0.end', 'param_scheduler.1.begin']
_two = dict.fromkeys(_warm_up, 2)
_at = dict(smoke=dict.fromkeys(_warm_up, 1), small=_two, mid=_two)
_methods = [
    ('SimCLR', 'none'),
    ('SimCLR + RELA, MobileNet-V2', 'mobilenet_v2'),
    ('SimCLR + RELA, random prior', 'random'),
]
rows = [
    dict(name='Untrained', config=_config, prior='none', overrides={_epochs: 0})
] + [
    dict(
        name=f'{name}, {budget} %', config=_config, prior=prior, at=_at,
        overrides={'train_dataloader.sampler.ratio': budget / 100})
    for budget in (10, 100, 20, 50)
    for name, prior in _methods
] + [  # 40 epochs of RELA alone cost what 20 of SimCLR do
    dict(name=f'RELA alone, {label}, {epochs} epochs', config=_config, prior=prior, sizes=['mid'],
         overrides={**_base_._alone, _epochs: epochs}, at=_at)
    for label, prior, epochs in (
        ('MobileNet-V2', 'mobilenet_v2', 20), ('MobileNet-V2', 'mobilenet_v2', 40), ('random prior', 'random', 20))
] + [
    dict(name=f'SimCLR + RELA fading, {label}, 100 %', config=_config, prior=prior, sizes=['mid', 'paper'], at=_at,
         overrides={'default_hooks.rela.fade': 1.0})
    for label, prior in (('MobileNet-V2', 'mobilenet_v2'), ('random prior', 'random'))
] + [  # above, the rate is 1e-3
    dict(
        name=f'SimCLR, lr {rate}, {budget} %', config=_config, prior='none', sizes=['mid', 'paper'], at=_at,
        overrides={'train_dataloader.sampler.ratio': budget / 100, _rate: rate})
    for budget in (10, 100)
    for rate in (3e-4, 3e-3)
]
sizes = dict(
    smoke=dict(overrides={'train_dataloader.batch_size': 8}),
    mid=dict(
        notes='ResNet-18 with the 3 x 3 stem, a quarter of the width (128 features) and a stride of 2 in each of its four '
        'stages; all 50,000 training images, batch 128, 20 epochs of 39, 78, 195 or 390 steps, one weak view; warm-up of '
        "two epochs and cosine; Algorithm 1 with the paper's constants. The probe is trained on the same images and tested "
        'on all 10,000 test images.',
        seeds=[0, 1, 2],
        probe_epochs=100,
        overrides={
            **_base_._cpu,
            'model.backbone.base_channels': 16,
            'model.backbone.stem_channels': 16,
            'model.backbone.strides': (2, 2, 2, 2),
            'model.neck.in_channels': 128,
            'model.rela_head.out_channels': 128,
            _epochs: 20,
            'default_hooks.logger.interval': 39,
            'default_hooks.knn.type': 'OnlineKNNHook',
            'default_hooks.knn.interval': 4,
            'default_hooks.knn.limit': 10000,
        }))
