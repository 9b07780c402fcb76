# What tools/quickstart.sh runs, in the sizes short and long. BYOL has the rate
# of table tuning, alone and after the hand-over; RELA has the paper's.
_base_ = '_base_/narrow.py'
title = 'BYOL with and without RELA on CIFAR-10'
_config = 'configs/byol_rela_r18_cifar10_device.py'
_rela = {'default_hooks.rela.lr': 1e-3, 'default_hooks.rela.hold': 78}
rows = [
    dict(name='Untrained', config=_config, prior='none', color='lightgray',
         overrides={'train_cfg.max_epochs': 0}, sizes=['short', 'long'])
] + [
    dict(
        name=name, config=_config, prior=prior, color=color,
        overrides={'optim_wrapper.optimizer.lr': 1e-4, **rate}, sizes=['smoke', 'small', 'short', 'long'])
    for name, prior, rate, color in (
        ('BYOL', 'none', {}, 'tab:gray'),
        ('BYOL + RELA, random prior', 'random', _rela, 'tab:orange'),
        ('BYOL + RELA, MobileNet-V2', 'mobilenet_v2', _rela, 'tab:blue'),
    )
]
_notes = """\
One seed; all rows share initial weights, data order, augmentation seeds and number of steps: {epochs} epochs of 78 \
steps, 10,000 images, batch 128. *Untrained* is the same architecture with random weights. MobileNet-V2 was trained \
with ImageNet's **labels**, the random prior with nothing; the random prior's targets are whitened. The network is \
ResNet-18 of half the width with the ImageNet stem, some forty times cheaper at 32 x 32 pixels than the paper's. \
Algorithm 1's averages are {factor:.3g} times faster than in the paper: the {steps} steps are to them what the paper's \
10 % budget of 3,900 steps is to its own. RELA trains on one weak view an image, at the paper's learning rate, 1e-3; \
BYOL, alone and after the hand-over, at its own, the best on held-out training images (table `tuning`); its first 78 \
steps after the hand-over train its heads alone. kNN is scored every {interval} steps, with 5,000 of the \
training images as neighbours, and its time is not counted. The probe's classifier is trained on the same 10,000 \
images, with labels, and tested on all 10,000 test images. This shows the mechanism, not the paper's result: BYOL \
needs far more steps than these to learn well."""
_small = _base_.sizes.small
sizes = {
    name: dict(
        seeds=[0],
        probe_epochs=_small.probe_epochs,
        notes=_notes.format(epochs=epochs, steps=78 * epochs, factor=3900 / (78 * epochs), interval=interval),
        lambda_factor=3900 / (78 * epochs),
        overrides={
            **_small.overrides,
            'train_cfg.max_epochs': epochs,
            'default_hooks.knn.type': 'OnlineKNNHook',
            'default_hooks.knn.by_epoch': False,
            'default_hooks.knn.interval': interval,
            'default_hooks.knn.limit': 5000,
        })
    for name, epochs, interval in (('short', 6, 39), ('long', 24, 156))
}
