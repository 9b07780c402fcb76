# Priors of every quality, for the check of tools/rank_priors.py: does what it
# says before any training come true? RELA alone, for 234 steps.
_base_ = '_base_/narrow.py'
title = 'RELA with priors of different quality on CIFAR-10'
_mobilenet = dict(prior='torchvision:mobilenet_v2', weights='data/weights/mobilenet_v2-b0353104.pth')
priors = dict(
    mobilenet_32=dict(_mobilenet, image_size=32),
    mobilenet_64=dict(_mobilenet, image_size=64),
    mobilenet_96=dict(_mobilenet, image_size=96),
    mobilenet_untrained=dict(_mobilenet, image_size=64, weights='none'),
    resnet_untrained=dict(prior='torchvision:resnet18', image_size=64, weights='none'),
    student_untrained=dict(prior='random'),
    student_of_mobilenet=dict(of='MobileNet-V2 at 64 pixels'),
    student_of_untrained=dict(of='the student, untrained'))
_names = dict(
    mobilenet_32='MobileNet-V2 at 32 pixels',
    mobilenet_64='MobileNet-V2 at 64 pixels',
    mobilenet_96='MobileNet-V2 at 96 pixels',
    mobilenet_untrained='MobileNet-V2 at 64 pixels, untrained',
    resnet_untrained='ResNet-18 at 64 pixels, untrained',
    student_untrained='the student, untrained',
    student_of_mobilenet='a student of MobileNet-V2 at 64 pixels',
    student_of_untrained='a student of the untrained student')
rows = [
    dict(
        name=name, config='configs/byol_rela_r18_cifar10_device.py', prior=prior,
        generation=dict(normalize='whiten'),
        overrides=_base_._alone)
    for prior, name in _names.items()
]
sizes = dict(
    small=dict(
        notes='ResNet-18 with the ImageNet stem and half the width (256 features), the first 10,000 training '
        'images, batch 128, 3 epochs of 78 steps, one weak view, no hand-over; targets are whitened. The probe '
        'is trained on the same images and tested on all 10,000 test images.',
        seeds=[0],
        overrides={'train_cfg.max_epochs': 3}))
