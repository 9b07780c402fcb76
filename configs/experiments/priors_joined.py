# Two priors at once beside each of them alone: RELA alone, for 390 steps.
_base_ = '_base_/narrow.py'
title = 'RELA with two priors joined on CIFAR-10'
priors = dict(
    joined=dict(prior='torchvision:mobilenet_v2,size=64,weights=data/weights/mobilenet_v2-b0353104.pth + random'))
rows = [
    dict(name=name, config='configs/byol_rela_r18_cifar10_device.py', prior=prior, generation=generation,
         overrides=_base_._alone)
    for name, prior, generation in (
        ('MobileNet-V2', 'mobilenet_v2', {}),
        ('MobileNet-V2, whitened', 'mobilenet_v2', dict(normalize='whiten')),
        ('random prior, whitened', 'random', {}),
        ('MobileNet-V2 + random prior', 'joined', {}))
]
sizes = dict(
    small=dict(
        notes='ResNet-18 with the ImageNet stem and half the width (256 features), the first 10,000 training '
        'images, batch 128, 5 epochs of 78 steps, one weak view, no hand-over. The probe is trained on the same '
        'images and tested on all 10,000 test images.'))
