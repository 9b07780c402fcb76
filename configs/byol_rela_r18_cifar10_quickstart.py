# Small enough for two CPU cores. tools/quickstart.sh trains half its width,
# by the batched views of _base_/device.py.
_base_ = 'byol_rela_r18_cifar10.py'
model = dict(backbone=dict(type='ResNet'))  # 7x7 stem and max-pool: ~10 x cheaper
train_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(
    indices=10000, targets='data/targets/cifar10_quickstart'))
train_cfg = dict(max_epochs=5)  # of 78 steps
probe = dict(train=dict(indices=10000))
default_hooks = dict(logger=dict(interval=13))  # six points an epoch
