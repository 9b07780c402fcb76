# The same of a ResNet-18.
_base_ = 'distilled_hard.py'
_gap = dict(type='GlobalAveragePooling')
_resnet18 = dict(backbone=dict(_delete_=True, type='ResNet_CIFAR', depth=18), head=dict(in_channels=512))
model = dict(_resnet18, neck=dict(_gap, _delete_=True))
