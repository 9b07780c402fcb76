# The paper's CF10-T: a ResNet-18 that BYOL has trained on the same images is
# the prior of another architecture. Students are trained by RELA alone.
_base_ = '_base_/cifar10.py'
title = 'A ResNet-18 of BYOL as the prior of MobileNet-V2 on CIFAR-10'
priors = dict(cf10_t=dict(of='ResNet-18: BYOL'))
_rate = 'optim_wrapper.optimizer.lr'
_student = 'configs/experiments/_base_/byol_mobilenetv2.py'


def _narrow(width):
    return {
        **_base_._resnet,
        'model.backbone.base_channels': width,
        'model.backbone.stem_channels': width,
        'model.neck.in_channels': 8 * width,
    }


rows = [
    dict(  # that of table1_cifar10
        name='ResNet-18: BYOL', config='configs/byol_rela_r18_cifar10_device.py', prior='none',
        at=dict(smoke=_narrow(8), small={**_narrow(32), _rate: 1e-4, 'train_cfg.max_epochs': 20})),
    dict(name='MobileNet-V2, untrained', config=_student, prior='none', overrides={'train_cfg.max_epochs': 0}),
    dict(name='MobileNet-V2: BYOL', config=_student, prior='none', at=dict(small={_rate: 1e-4})),
    dict(name='MobileNet-V2: RELA, CF10-T', config=_student, prior='cf10_t', overrides=_base_._alone),
    dict(name='MobileNet-V2: RELA, random prior', config=_student, prior='random', overrides=_base_._alone),
]
sizes = dict(
    _delete_=True,
    smoke=dict(
        notes='A trial of the machinery on 256 images; its numbers mean nothing.',
        seeds=[0],
        probe_epochs=2,
        overrides={
            **_base_._smoke,
            'train_cfg.max_epochs': 1,
        }),
    small=dict(
        notes='The first 10,000 training images, batch 128, 5 epochs of 78 steps (the ResNet-18, of half the width: '
        '20), one weak view, no hand-over; targets of 256 components. The probe is trained on the same images and '
        'tested on all 10,000 test images.',
        seeds=[0, 1],
        probe_epochs=100,
        overrides={
            **_base_._small,
            'model.rela_head.out_channels': 256,
        }),
    paper=_base_.sizes.paper)
