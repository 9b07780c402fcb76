# ResNet-18 with a 3x3 stem and without max-pool, for small images, and a head
# for RELA on it; a method adds the rest of its model.
model = dict(
    type='Rela',
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        norm_cfg=dict(type='SyncBN'),
        zero_init_residual=False),
    rela_head=dict(type='RelaHead', out_channels=512))
