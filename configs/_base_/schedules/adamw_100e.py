# Paper, Table 8; the learning rate stays constant.
param_scheduler = []
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01))
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=100)
