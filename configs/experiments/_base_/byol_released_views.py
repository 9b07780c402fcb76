# BYOL with the weak views of the code released with the paper: those of its
# section 4.1 and colours.
_base_ = '../../byol_rela_r18_cifar10_device.py'
_released = [
    dict(type='NativeResizedCrop', crop_ratio_range=(0.5, 1.0)),
    dict(type='RandomFlip', prob=0.5),
    dict(
        type='RandomApply',
        prob=0.8,
        transforms=[dict(type='ColorJitter', brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2)]),
    dict(type='RandomGrayscale', prob=0.2, keep_channels=True, channel_weights=(0.299, 0.587, 0.114)),
]
train_dataloader = dict(dataset=dict(rela_pipeline=[
    dict(type='MultiView', num_views=2, transforms=[_released]),
    dict(type='PackInputs'),
]))
