# SimCLR, its views in batches on the device, with a learning rate that rises
# for ten epochs and then falls to 0.
_base_ = ['../../simclr_rela_r18_cifar10.py', '../../_base_/device.py']
train_dataloader = _base_.device_loader
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=True, end=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=10, convert_to_iter_based=True),
]
