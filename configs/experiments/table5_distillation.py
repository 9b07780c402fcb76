title = 'Data-set distillation with labels on CIFAR-10'
score = 'accuracy_top1'
priors = dict(none=None)
_teacher = 'configs/experiments/_base_/convnet3_cifar10.py'
rows = [dict(name='Teacher: ConvNet-3', config=_teacher, prior='none', seeds=[0])]
_cpu = {
    'train_dataloader.num_workers': 0, 'train_dataloader.persistent_workers': False,
    'val_dataloader.num_workers': 0, 'val_dataloader.persistent_workers': False,
    'default_hooks.checkpoint.max_keep_ckpts': 2,
}
sizes = dict(
    small=dict(seeds=[0, 1, 2], probe_epochs=0, overrides={**_cpu, 'compile': True, 'train_cfg.max_epochs': 10, 'train_cfg.val_interval': 10}))
