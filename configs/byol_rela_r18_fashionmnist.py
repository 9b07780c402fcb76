_base_ = ['_base_/methods/byol.py', '_base_/datasets/fashion_mnist.py',
          '_base_/schedules/adamw_100e.py', '_base_/runtime.py']
train_dataloader = dict(dataset=dict(pipeline=_base_.strong_pipeline))
