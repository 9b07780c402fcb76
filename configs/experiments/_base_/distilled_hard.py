# A ConvNet-3 trained on a distilled CIFAR-10 by RDED's post-training
# (arXiv:2312.03526), with hard labels. PNGs come as BGR, the test images of
# CIFAR's files as RGB.
_base_ = 'convnet3_cifar10.py'
data_preprocessor = dict(to_rgb=True)
model = dict(
    train_cfg=dict(augments=dict(type='CutMix', alpha=1.0)),
    head=dict(loss=dict(_delete_=True, type='CrossEntropyLoss', use_soft=True)))
train_dataloader = dict(
    batch_size=50,
    dataset=dict(
        _delete_=True,
        type='RelaTargetDataset',
        host='CustomDataset',
        data_root='data/distilled/cifar10',
        data_prefix='train',
        targets='data/distilled/cifar10/targets',
        rela_pipeline=_base_.rela_pipeline,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='RandomResizedCrop', scale=32),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackInputs'),
        ]))
val_dataloader = dict(batch_size=500, dataset=dict(pipeline=[
    dict(type='NumpyToPIL'),
    dict(type='PILToNumpy', to_bgr=True),
    dict(type='PackInputs'),
]))
test_dataloader = val_dataloader
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', T_max=600, by_epoch=True)
train_cfg = dict(max_epochs=300, val_interval=300)
default_hooks = dict(checkpoint=dict(interval=50, max_keep_ckpts=1))
