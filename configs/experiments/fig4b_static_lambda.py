# Paper, figure 4b: RELA for a fixed share of the steps, against Algorithm 1,
# with a weak and a strong prior. All at the paper's learning rate.
_base_ = '_base_/narrow.py'
title = 'Fixed shares of RELA and Algorithm 1, BYOL on CIFAR-10'
_schedule = 'default_hooks.rela.schedule'
_config = 'configs/byol_rela_r18_cifar10_device.py'
_priors = dict(random='random prior', mobilenet_v2='MobileNet-V2')
rows = [dict(name='RELA for 0 %', config=_config, prior='none')] + [
    dict(
        name=f'{label}, RELA for {share} %', config=_config, prior=prior,
        overrides={f'{_schedule}.type': 'FixedLambda', f'{_schedule}.fraction': share / 100})
    for prior, label in _priors.items()
    for share in (10, 20, 40, 60, 80, 100)
] + [
    dict(name=f'{label}, Algorithm 1', config=_config, prior=prior)
    for prior, label in _priors.items()
]
sizes = dict(paper=dict(overrides={'train_dataloader.sampler.ratio': 0.1}))
