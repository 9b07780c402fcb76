# BYOL with a learning rate that rises for ten epochs and then falls to 0.
_base_ = '../../byol_rela_r18_cifar10_device.py'
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=10, convert_to_iter_based=True),
]
