# All layers of a pre-trained backbone, trained with labels (not tuned), on train/CLASS/IMAGE
# and val/CLASS/IMAGE below data/imagefolder; up to 1,000 classes:
#   bash tools/dist_train.sh configs/finetune/resnet50_imagefolder.py 8 --cfg-options \
#       model.backbone.init_cfg.checkpoint=work_dirs/.../epoch_200.pth model.head.num_classes=20
_base_ = 'mmpretrain::resnet/resnet50_8xb32-coslr_in1k.py'
custom_imports = dict(imports=['mmrela.registry'], allow_failed_imports=False)
model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.')))
_split = dict(_delete_=True, type='CustomDataset', data_root='data/imagefolder')
train_dataloader = dict(dataset=dict(_split, data_prefix='train', pipeline=_base_.train_pipeline))
val_dataloader = dict(dataset=dict(_split, data_prefix='val', pipeline=_base_.test_pipeline))
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=0.02))
param_scheduler = dict(T_max=50, end=50)
train_cfg = dict(max_epochs=50)
default_hooks = dict(checkpoint=dict(interval=5, max_keep_ckpts=1, save_best='auto'),
                     plain_checkpoint=dict(type='PlainCheckpointHook'))
