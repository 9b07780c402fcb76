_base_ = ['dino_rela_r18_cifar10.py', '_base_/views/multicrop.py']
train_dataloader = dict(dataset=dict(pipeline=_base_.multicrop_pipeline))
