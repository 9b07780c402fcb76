# Paper, appendix I, table 5, CIFAR-10: a classifier learns from a few images
# of each class, which a teacher, trained on all of them, knows. Images are
# taken as they come. Post-training is RDED's, of 300 epochs; RELA has the first
# half of it. Two rows say what that half is worth: without RELA, and without
# loss of epochs for soft labels.
title = 'Data-set distillation with labels on CIFAR-10'
score = 'accuracy_top1'
priors = dict(none=None, convnet3=dict(of='Teacher: ConvNet-3'), resnet18=dict(of='Teacher: ResNet-18'))
_own = 'configs/experiments/_base_'
_schedule = 'default_hooks.rela.schedule'
_cpu = {
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'val_dataloader.num_workers': 0,
    'val_dataloader.persistent_workers': False,
    'default_hooks.checkpoint.max_keep_ckpts': 2,
}
_narrow = {'backbone.width': 8, 'head.in_channels': 128}
_batches = {1: 10, 10: 50, 50: 100}  # RDED's
_students = (
    ('hard labels', 'hard', 0, 300), ('stored soft labels', 'stored', 0, 300),
    ('soft labels', 'soft', 0, 300), ('RELA, then soft labels', 'soft', 0.5, 300),
    ('150 epochs, soft labels', 'soft', 0, 150), ('450 epochs, RELA, then soft labels', 'soft', 1 / 3, 450))
rows = [
    dict(name='Teacher: ConvNet-3', config=f'{_own}/convnet3_cifar10.py', prior='none', seeds=[0],
         at=dict(smoke={'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 1, 'train_dataloader.dataset.indices': 1000},
                 small={'train_cfg.max_epochs': 10, 'train_cfg.val_interval': 10})),
    dict(name='Teacher: ResNet-18', config='configs/resnet18_rela_cifar10.py', prior='none', seeds=[0], sizes=['paper']),
] + [
    dict(
        name=f'{network}, {ipc} a class: {name}', config=f'{_own}/distilled_{config}{suffix}.py', prior=prior,
        generation=dict(ipc=ipc), sizes=[size for size in sizes if epochs == 300 or size != 'smoke'],
        overrides={
            'train_dataloader.batch_size': batch,
            f'{_schedule}.type': 'FixedLambda',
            f'{_schedule}.fraction': share,
            **({} if epochs == 300 else {'train_cfg.max_epochs': epochs, 'train_cfg.val_interval': epochs}),
        },
        at=dict(smoke={
            **({f'model.teacher.{key}': value for key, value in _narrow.items()} if config == 'soft' else {}),
            'train_cfg.max_epochs': 2, 'train_cfg.val_interval': 2, 'default_hooks.logger.interval': 1}))
    for network, prior, suffix, sizes in (
        ('ConvNet-3', 'convnet3', '', ['smoke', 'small', 'paper']), ('ResNet-18', 'resnet18', '_resnet18', ['paper']))
    for ipc, batch in _batches.items()
    for name, config, share, epochs in _students
]
_paper = (
    ' In the paper, 1, 10 and 50 images a class: ConvNet with RELA 40.3, 67.0 and 77.3, RDED 28.9, 56.0 and 71.1, SRe²L 22.2, 39.6 '
    'and 57.7, G-VBSM 21.2, 38.6 and 62.7; ResNet-18 with RELA 35.0, 74.7 and 89.2, RDED 27.8, 47.3 and 76.4.')
sizes = dict(
    smoke=dict(
        notes='A trial of the machinery on 1,000 images; its numbers mean nothing.',
        seeds=[0],
        probe_epochs=0,
        overrides={
            **_cpu,
            **{f'model.{key}': value for key, value in _narrow.items()},
            'model.rela_head.out_channels': 64,
            'val_dataloader.dataset.indices': 256,
        }),
    small=dict(
        notes='Teacher: 50,000 images with labels, batch 128, 10 epochs, AdamW 1e-3 with cosine. Students: 300 epochs, '
        'AdamW 1e-3, batch 10, 50 and 100 for 1, 10 and 50 images a class. Tested on all 10,000 test images.' + _paper,
        seeds=[0, 1, 2],
        probe_epochs=0,
        overrides={**_cpu, 'compile': True}),
    paper=dict(
        notes="As small; the ConvNet-3 teacher is trained for 50 epochs, the ResNet-18 by mmpretrain's recipe." + _paper,
        seeds=[0, 1, 2],
        probe_epochs=0,
        overrides=_cpu))
