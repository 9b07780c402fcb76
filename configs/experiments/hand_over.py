# Does the host keep what RELA taught? 390 steps of RELA, then 390 of BYOL at
# RELA's learning rate and at its own; beside them RELA and BYOL alone. RELA's
# 17 epochs cost what 5 of RELA and 5 of BYOL do.
_base_ = '_base_/narrow.py'
title = 'BYOL after RELA, and each alone, on CIFAR-10'
_config = 'configs/byol_rela_r18_cifar10_device.py'
_rate, _rela = 'optim_wrapper.optimizer.lr', 'default_hooks.rela'
_half = {f'{_rela}.schedule.type': 'FixedLambda', f'{_rela}.schedule.fraction': 0.5}
_own = {_rate: 1e-4, f'{_rela}.lr': 1e-3}
_epochs = 'train_cfg.max_epochs'
rows = [
    dict(name='BYOL alone, lr 1e-4', config=_config, prior='none', overrides={_rate: 1e-4}),
    dict(name='BYOL alone, lr 1e-3', config=_config, prior='none'),
] + [
    dict(name=f'{label}, {name}', config=_config, prior=prior, overrides=overrides, at=dict(small=at),
         sizes=['small'] if at else ['smoke', 'small'])
    for prior, label in dict(mobilenet_v2='MobileNet-V2', random='random prior').items()
    for name, overrides, at in (
        ('BYOL at its own lr, 1e-4', {**_half, **_own}, {}),
        ('BYOL at its own lr, backbone held for 78 steps', {**_half, **_own, f'{_rela}.hold': 78}, {}),
        ("BYOL at RELA's lr, 1e-3", _half, {}),
        ('RELA alone', _base_._alone, {}),
        ('RELA alone, equal compute', _base_._alone, {_epochs: 17}),
        ('Algorithm 1, BYOL at its own lr', _own, {}),
    )
]
sizes = dict(small=dict(
    notes='ResNet-18 with the ImageNet stem and half the width (256 features), the first 10,000 training images, batch '
    '128, 10 epochs of 78 steps, one weak view; the probe is trained on the same images and tested on all 10,000 test '
    'images. Algorithm 1 is 10 times faster than in the paper.',
    overrides={_epochs: 10, 'default_hooks.knn.type': 'OnlineKNNHook', 'default_hooks.knn.interval': 1}))
