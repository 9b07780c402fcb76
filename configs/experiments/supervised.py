# Contribution (e): a classifier with and without RELA, by budget, labels alone
# at three rates. A budget is the share of the images that each epoch draws
# anew. Half of the steps are RELA's: Algorithm 1 need not hand over in so
# short a run, and a classifier that never sees a label knows no class.
_base_ = '_base_/cifar10.py'
title = 'A classifier with and without RELA on CIFAR-10, by budget'
score = 'accuracy_top1'
_config = 'configs/experiments/_base_/resnet18_cosine.py'
_rate = 'optim_wrapper.optimizer.lr'
_half = {
    'default_hooks.rela.lr': 1.0,
    'default_hooks.rela.schedule.type': 'FixedLambda',
    'default_hooks.rela.schedule.fraction': 0.5,
}
rows = [
    dict(name=f'{name}, {budget} %', config=_config, prior=prior,
         overrides={'train_dataloader.sampler.ratio': budget / 100, _rate: rate, **({} if prior == 'none' else _half)})
    for budget in (10, 20, 50, 100)
    for name, prior, rate in (
        ('labels, lr 0.3', 'none', 0.3),
        ('RELA, then labels, MobileNet-V2', 'mobilenet_v2', 0.3),
        ('RELA, then labels, random prior', 'random', 0.3),
        ('labels, lr 0.1', 'none', 0.1),
        ('labels, lr 1', 'none', 1.0))
] + [  # what RELA's half of the steps is worth
    dict(name='labels, lr 0.3, half of the epochs, 10 %', config=_config, prior='none',
         overrides={'train_dataloader.sampler.ratio': 0.1, _rate: 0.3},
         at={size: {'train_cfg.max_epochs': epochs, 'train_cfg.val_interval': epochs}
             for size, epochs in dict(smoke=1, small=10, paper=100).items()})
]
_cpu = {
    **_base_._cpu,
    'val_dataloader.num_workers': 0,
    'val_dataloader.persistent_workers': False,
}
_resnet = {
    'model.backbone.type': 'ResNet',
    'model.backbone.base_channels': 32,
    'model.backbone.stem_channels': 32,
    'model.head.in_channels': 256,
    'model.rela_head.out_channels': 256,
}
sizes = dict(
    _delete_=True,
    smoke=dict(
        notes='A trial of the machinery on 512 images; its numbers mean nothing.',
        seeds=[0],
        probe_epochs=0,
        overrides={
            **_cpu,
            **_resnet,
            'model.rela_head.out_channels': 64,
            'train_dataloader.batch_size': 16,
            'train_dataloader.dataset.indices': 512,
            'val_dataloader.dataset.indices': 256,
            'train_cfg.max_epochs': 2,
            'train_cfg.val_interval': 2,
            'default_hooks.logger.interval': 1,
        }),
    small=dict(
        notes='ResNet-18 with the ImageNet stem and half the width, the first 10,000 training images, batch 128, 20 epochs '
        "of 8, 16, 40 or 79 steps, SGD, the rate falling by a cosine; RELA's, for the first half of the steps, is 1; one weak view. "
        'Tested on all 10,000 test images.',
        seeds=[0, 1, 2],
        probe_epochs=0,
        overrides={
            **_cpu,
            **_resnet,
            'train_dataloader.dataset.indices': 10000,
            'train_cfg.max_epochs': 20,
            'train_cfg.val_interval': 20,
        }),
    paper=dict(
        notes="mmpretrain's recipe, but for the cosine: ResNet-18 with a 3 x 3 stem, SGD, batch 128, 200 epochs.",
        seeds=[0, 1, 2],
        probe_epochs=0,
        overrides={'default_hooks.checkpoint.max_keep_ckpts': 2}))
