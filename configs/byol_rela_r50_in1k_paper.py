# The paper's recipe (Table 8 and section 5): 8 GPUs x 64, a constant rate.
_base_ = 'byol_rela_r50_in1k.py'
optim_wrapper = dict(_delete_=True, type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01))
param_scheduler = []
train_cfg = dict(max_epochs=100)
train_dataloader = dict(batch_size=64)
auto_scale_lr = dict(enable=False, base_batch_size=512)
