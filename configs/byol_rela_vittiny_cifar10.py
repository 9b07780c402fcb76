_base_ = 'byol_rela_r18_cifar10.py'
model = dict(neck=dict(in_channels=192, hid_channels=384, with_avg_pool=False), backbone=dict(
    _delete_=True, type='VisionTransformer', arch='deit-tiny', img_size=32, patch_size=4))
