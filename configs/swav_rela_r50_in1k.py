_base_ = ['mmpretrain::swav/swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px.py', '_base_/rela.py', '_base_/datasets/in1k_probe.py']
_base_.rela_pipeline[0].num_views = 2  # as SwAV's own views of 224 pixels
model = dict(type='Rela', host=_base_.model.type, rela_head=_base_.rela_head)
train_dataloader = dict(
    sampler=_base_.rela_sampler, collate_fn=_base_.rela_collate,
    dataset=dict(type='RelaTargetDataset', host=_base_.train_dataloader.dataset.type,
                 targets='data/targets/in1k', rela_pipeline=_base_.rela_pipeline))
default_hooks = _base_.rela_hooks
find_unused_parameters = True  # each stage trains a part of the model
auto_scale_lr = dict(base_batch_size=256)
