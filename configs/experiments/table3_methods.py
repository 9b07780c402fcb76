# Paper, table 3: eight methods and what RELA adds to each, at a budget of
# 10 %. In the small size each original is run at two learning rates (BYOL at
# the one that was tuned for it), RELA at the paper's, which the method then
# has, too, or another.
_base_ = ['_base_/narrow.py', '_base_/clip.py']
title = 'Methods with and without RELA on CIFAR-10'
priors = dict(clip_rn50=_base_._clip.clip_rn50)
_methods = dict(byol='BYOL', simsiam='SimSiam', mocov2='MoCo v2', vicreg='VICReg', dino='DINO', simclr='SimCLR', barlowtwins='Barlow Twins', swav='SwAV')
_rows = [  # RELA's rate is None where it is the method's
    ('{}, lr 1e-4', 'none', None, 1e-4, ['smoke', 'small']),
    ('{}, lr 1e-3', 'none', None, 1e-3, ['smoke', 'small', 'paper']),
    ('{} + RELA, random prior', 'random', None, 1e-3, ['smoke', 'small', 'paper']),
    ('{} + RELA, MobileNet-V2', 'mobilenet_v2', None, 1e-3, ['smoke', 'small', 'paper']),
    ('{} + RELA, MobileNet-V2, then lr 1e-4', 'mobilenet_v2', 1e-3, 1e-4, ['small']),
    ('{} + RELA, CLIP-RN50', 'clip_rn50', None, 1e-3, ['smoke', 'paper']),
]
# DINO's warm-up of 30 epochs and frozen last layer of one, out of 100.
_dino = {
    size: {'model.head.warmup_iters': warm_up, 'model.freeze_last_layer': frozen}
    for size, warm_up, frozen in (('small', 117, 4), ('paper', 1170, 39))
}
rows = [
    dict(
        name=label.format(name),
        config=f'configs/{method}_rela_r18_cifar10.py',
        prior=prior,
        sizes=['paper'] if (method, prior, lr) == ('byol', 'none', 1e-3) else sizes,
        overrides={'optim_wrapper.optimizer.lr': lr, **({'default_hooks.rela.lr': rela} if rela else {})},
        at=_dino if method == 'dino' else {})
    for method, name in _methods.items()
    for label, prior, rela, lr, sizes in _rows
]
sizes = dict(paper=dict(overrides={'train_dataloader.sampler.ratio': 0.1}))
