# What tools/quickstart.sh runs. BYOL's rate is the best of 1e-3, 3e-4 and
# 1e-4 on held-out training images (27.4, 34.2 and 34.8 % after 468 steps);
# RELA's is the paper's.
_base_ = '_base_/cifar10.py'
title = 'BYOL with and without RELA on CIFAR-10'
rows = [
    dict(
        name=name, config='configs/byol_rela_r18_cifar10_quickstart.py', prior=prior,
        overrides={'optim_wrapper.optimizer.lr': rate}, sizes=['smoke', 'small'])
    for name, prior, rate in (
        ('BYOL', 'none', 1e-4),
        ('BYOL + RELA, random prior', 'random', 1e-3),
        ('BYOL + RELA, MobileNet-V2', 'mobilenet_v2', 1e-3),
    )
]
