# The two paths that views can take, one by one in workers or in batches on
# the device: do they teach the same?
_base_ = '_base_/narrow.py'
title = 'Views from mmpretrain and views in batches, BYOL on CIFAR-10'
_paths = {
    "mmpretrain's views": 'configs/byol_rela_r18_cifar10.py',
    'batched views': 'configs/byol_rela_r18_cifar10_device.py',
}
rows = [
    dict(name=f'{name}, {path}', config=config, prior=prior,
         overrides={'optim_wrapper.optimizer.lr': rate})
    for name, prior, rate in (
        ('BYOL', 'none', 1e-4), ('BYOL + RELA, MobileNet-V2', 'mobilenet_v2', 1e-3))
    for path, config in _paths.items()
]
