_base_ = ['mmpretrain::simmim/simmim_swin-base-w6_8xb256-amp-coslr-100e_in1k-192px.py', '_base_/rela.py', '_base_/datasets/in1k_probe.py']
_base_.rela_pipeline[0].transforms[0][0].scale = 192
probe = dict(image_size=192)
model = dict(type='Rela', host=_base_.model.type, rela_head=_base_.rela_head)
train_dataloader = dict(
    sampler=_base_.rela_sampler, collate_fn=_base_.rela_collate,
    dataset=dict(type='RelaTargetDataset', host=_base_.train_dataloader.dataset.type,
                 targets='data/targets/in1k', rela_pipeline=_base_.rela_pipeline))
default_hooks = _base_.rela_hooks
find_unused_parameters = True  # each stage trains a part of the model
