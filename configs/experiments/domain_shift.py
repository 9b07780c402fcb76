# Images that no ImageNet prior has seen, grey and of 28 x 28 pixels, against
# the ranking of tools/rank_priors.py before: RELA alone, for 390 steps.
_base_ = '_base_/narrow.py'
title = 'RELA on images unlike ImageNet, Fashion-MNIST'
_mobilenet = dict(prior='torchvision:mobilenet_v2', image_size=64)
priors = dict(
    mobilenet_64=dict(_mobilenet, weights='data/weights/mobilenet_v2-b0353104.pth'),
    mobilenet_untrained=dict(_mobilenet, weights='none'),
    student_untrained=dict(prior='random'))
_names = dict(
    mobilenet_64='MobileNet-V2 at 64 pixels',
    mobilenet_untrained='MobileNet-V2 at 64 pixels, untrained',
    student_untrained='the student, untrained')
_config = 'configs/experiments/_base_/byol_fashionmnist.py'
rows = [
    dict(name='Untrained', config=_config, prior='none', overrides={'train_cfg.max_epochs': 0}),
] + [
    dict(name=name, config=_config, prior=prior, generation=dict(normalize='whiten'), overrides=_base_._alone)
    for prior, name in _names.items()
]
sizes = dict(
    small=dict(
        seeds=[0],
        notes='ResNet-18 with the ImageNet stem and half the width (256 features), the first 10,000 training '
        'images of Fashion-MNIST (grey, 28 x 28; MIT licence), batch 128, 5 epochs of 78 steps, one weak view, no '
        'hand-over; targets are whitened. The probe is trained on the same images and tested on all 10,000 test images.'))
