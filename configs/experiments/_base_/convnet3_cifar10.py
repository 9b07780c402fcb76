# A ConvNet-3 trained on CIFAR-10's labels: a teacher of data-set distillation.
_base_ = '../../resnet18_rela_cifar10.py'
model = dict(
    backbone=dict(_delete_=True, type='ConvNet', depth=3),
    neck=None,
    head=dict(in_channels=2048))
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=0.01))
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True)
train_cfg = dict(max_epochs=50, val_interval=50)
