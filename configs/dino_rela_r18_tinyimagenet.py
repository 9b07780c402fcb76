_base_ = ['_base_/methods/dino.py', '_base_/datasets/tiny_imagenet.py',
          '_base_/schedules/adamw_100e.py', '_base_/runtime.py']
train_dataloader = dict(dataset=dict(pipeline=_base_.strong_pipeline))
model = dict(freeze_last_layer=781, head=dict(warmup_iters=30 * 781))  # steps of an epoch
