# Targets that change with the epoch (paper, section 4.2): V stored crops of
# each image, each with the target of its own, in turn, against one target an
# image. RELA alone, for equal steps.
_base_ = '_base_/narrow.py'
title = 'RELA with several stored views of each image on CIFAR-10'
_flips = 'configs/experiments/_base_/byol_flips.py'
rows = [
    dict(name=name, config=config, prior='mobilenet_v2', generation=generation, overrides=_base_._alone)
    for name, config, generation in (
        ('one target, weak crops', 'configs/byol_rela_r18_cifar10_device.py', {}),
        ('one target, whole images', _flips, {}),
        *((f'{views} stored crops', _flips, dict(views=views)) for views in (2, 4, 8)))
]
sizes = dict(
    smoke=dict(overrides={'train_dataloader.batch_size': 32}),
    small=dict(
        notes='ResNet-18 with the ImageNet stem and half the width (256 features), the first 10,000 training '
        'images, batch 128, 16 epochs of 78 steps, one weak view, no hand-over; the view changes each epoch. The '
        'probe is trained on the same images and tested on all 10,000 test images.',
        overrides={'train_cfg.max_epochs': 16}))
