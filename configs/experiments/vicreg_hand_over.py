# Why VICReg gains least from MobileNet-V2: do its own steps after a late
# hand-over undo what the targets taught?
_base_ = '_base_/narrow.py'
title = 'VICReg, MobileNet-V2 and the moment of the hand-over on CIFAR-10'
_config = 'configs/vicreg_rela_r18_cifar10.py'
_schedule = 'default_hooks.rela.schedule'
rows = [
    dict(name='VICReg + RELA, MobileNet-V2, Algorithm 1', config=_config, prior='mobilenet_v2',
         overrides={'optim_wrapper.optimizer.lr': 1e-3})
] + [
    dict(name=f'VICReg + RELA, MobileNet-V2, RELA for {share} %', config=_config, prior='mobilenet_v2',
         overrides={'optim_wrapper.optimizer.lr': 1e-3, f'{_schedule}.type': 'FixedLambda',
                    f'{_schedule}.fraction': share / 100})
    for share in (50, 100)
]
