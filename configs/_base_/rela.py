# All that turns a host's config into RELA. A leaf puts these into place as
# `_base_.…`, since siblings in `_base_` cannot see each other.
custom_imports = dict(
    imports=['mmrela.registry'], allow_failed_imports=False)

# An upstream config's entries give way to these (`_delete_`): its sampler
# knows no stages, and the scope that mmengine writes into an inherited
# collate_fn breaks the loader.
rela_sampler = dict(_delete_=True, type='RelaSampler')
rela_collate = dict(_delete_=True, type='default_collate')

rela_head = dict(type='RelaHead', out_channels=512)
rela_hooks = dict(
    rela=dict(
        type='AdaptiveLambdaHook', schedule=dict(type='AdaptiveLambda')),
    determinism=dict(type='DeterminismHook'),
    plain_checkpoint=dict(type='PlainCheckpointHook'),
    seconds=dict(type='SecondsHook'))

# Weak views (paper, section 4.1), one for each target as in its equation 9.
rela_pipeline = [
    dict(
        type='MultiView',
        num_views=1,
        transforms=[[
            dict(
                type='RandomResizedCrop',
                scale=224,
                crop_ratio_range=(0.5, 1.0)),
            dict(type='RandomFlip', prob=0.5),
        ]]),
    dict(type='PackInputs')
]
