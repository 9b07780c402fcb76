_base_ = ['mmpretrain::simsiam/simsiam_resnet50_8xb32-coslr-100e_in1k.py', '_base_/rela.py', '_base_/datasets/in1k_probe.py']
model = dict(type='Rela', host=_base_.model.type, rela_head=_base_.rela_head)
train_dataloader = dict(
    sampler=_base_.rela_sampler, collate_fn=_base_.rela_collate,
    dataset=dict(type='RelaTargetDataset', host=_base_.train_dataloader.dataset.type,
                 targets='data/targets/in1k', rela_pipeline=_base_.rela_pipeline))
default_hooks = _base_.rela_hooks
find_unused_parameters = True  # each stage trains a part of the model
auto_scale_lr = dict(base_batch_size=256)
