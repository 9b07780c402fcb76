# What tools/quickstart.sh runs. BYOL's rate is the best of 1e-3, 3e-4 and
# 1e-4 on held-out training images (27.4, 34.2 and 34.8 % after 468 steps);
# RELA's is the paper's.
_base_ = '_base_/cifar10.py'
title = 'BYOL with and without RELA on CIFAR-10'
_config = 'configs/byol_rela_r18_cifar10_quickstart.py'
rows = [  # in the sizes smoke and small
    dict(name='BYOL', config=_config, prior='none', overrides={'optim_wrapper.optimizer.lr': 1e-4}),
    dict(name='BYOL + RELA, random prior', config=_config, prior='random', overrides={'optim_wrapper.optimizer.lr': 1e-3}),
    dict(name='BYOL + RELA, MobileNet-V2', config=_config, prior='mobilenet_v2', overrides={'optim_wrapper.optimizer.lr': 1e-3}),
]
