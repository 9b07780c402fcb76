# Paper, table 3, Tiny-ImageNet: eight methods and what RELA adds to each, at a
# budget of 10 %.
_base_ = ['_base_/cifar10.py', '_base_/clip.py']
title = 'Methods with and without RELA on Tiny-ImageNet'
priors = dict(clip_rn50=_base_._clip.clip_rn50)
_methods = dict(byol='BYOL', simsiam='SimSiam', mocov2='MoCo v2', vicreg='VICReg', dino='DINO', simclr='SimCLR', barlowtwins='Barlow Twins', swav='SwAV')
_priors = dict(none='{}', random='{} + RELA, random prior', clip_rn50='{} + RELA, CLIP-RN50')
# DINO's warm-up of 30 epochs and frozen last layer of one, out of 100.
_dino = dict(paper={'model.head.warmup_iters': 2340, 'model.freeze_last_layer': 78})
rows = [
    dict(name=label.format(name), config=f'configs/{method}_rela_r18_tinyimagenet.py', prior=prior, sizes=['smoke', 'paper'],
         at=_dino if method == 'dino' else {})
    for method, name in _methods.items()
    for prior, label in _priors.items()
]
sizes = dict(paper=dict(overrides={'train_dataloader.sampler.ratio': 0.1}))
