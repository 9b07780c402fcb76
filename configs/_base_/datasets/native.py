# Data sets whose images all have one size, which no pipeline needs to name.
# One weak view for each target: at equal compute it beats the two of the
# authors' released code (ablation_targets in configs/experiments).
train_dataloader = dict(
    batch_size=128,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    drop_last=True,
    sampler=dict(type='RelaSampler', ratio=1.0),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='RelaTargetDataset',
        rela_pipeline=[
            dict(
                type='MultiView',
                num_views=1,
                transforms=[[
                    dict(
                        type='NativeResizedCrop', crop_ratio_range=(0.5, 1.0)),
                    dict(type='RandomFlip', prob=0.5),
                ]]),
            dict(type='PackInputs')
        ]))
