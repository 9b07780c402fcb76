# Any images below one folder, at any depth and of any size, without labels.
_base_ = 'byol_rela_r50_in1k.py'
train_dataloader = dict(dataset=dict(
    _delete_=True, type='RelaTargetDataset', host='CustomDataset', with_label=False,
    data_root='data/images', targets='data/targets/images',
    pipeline=_base_.train_pipeline, rela_pipeline=_base_.rela_pipeline))
probe = dict(_delete_=True)
default_hooks = dict(rank=dict(type='OnlineRankHook', interval=5, image_size=224))
