# Hundreds to thousands of images below one folder; set the epochs by their number.
_base_ = 'byol_rela_r50_folder.py'
model = dict(backbone=dict(depth=18), neck=dict(in_channels=512))
train_dataloader = dict(batch_size=64)
optim_wrapper = dict(_delete_=True, type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01))
param_scheduler = []
auto_scale_lr = dict(enable=False)
