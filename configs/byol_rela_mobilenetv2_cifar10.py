_base_ = 'byol_rela_r18_cifar10.py'
model = dict(neck=dict(in_channels=1280, hid_channels=2560), backbone=dict(
    _delete_=True, type='TIMMBackbone', model_name='mobilenetv2_100', output_stride=8))
sync_bn = 'torch'
