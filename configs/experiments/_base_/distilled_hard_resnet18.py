# The same of a ResNet-18.
_base_ = 'distilled_hard.py'
_resnet = dict(backbone=dict(_delete_=True, type='ResNet_CIFAR', depth=18), neck=dict(type='GlobalAveragePooling'), head=dict(in_channels=512))
model = _resnet
