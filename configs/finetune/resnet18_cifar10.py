# All layers of a pre-trained backbone, trained with labels (not tuned):
#   python tools/train.py configs/finetune/resnet18_cifar10.py --cfg-options \
#       model.backbone.init_cfg.checkpoint=work_dirs/.../epoch_100.pth
# One with ImageNet's stem, as the quickstart's, needs model.backbone.type=ResNet beside it.
_base_ = 'mmpretrain::resnet/resnet18_8xb16_cifar10.py'
custom_imports = dict(imports=['mmrela.registry'], allow_failed_imports=False)
model = dict(backbone=dict(init_cfg=dict(type='Pretrained', checkpoint='', prefix='backbone.')))
train_dataloader = dict(batch_size=128, dataset=dict(type='CIFAR10Binary'))
val_dataloader = dict(batch_size=128, dataset=dict(type='CIFAR10Binary'))
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=0.02))
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', T_max=50, by_epoch=True, convert_to_iter_based=True)
train_cfg = dict(max_epochs=50)
default_hooks = dict(checkpoint=dict(interval=5, max_keep_ckpts=1, save_best='auto'),
                     plain_checkpoint=dict(type='PlainCheckpointHook'))
