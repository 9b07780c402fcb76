# The small size with a network of half the width, a quarter of the work: for
# tables of many rows.
_base_ = 'cifar10.py'
sizes = dict(
    small=dict(
        notes='ResNet-18 with the ImageNet stem and half the width (256 features), the first '
        '10,000 training images, batch 128, 5 epochs of 78 steps, one weak view; the probe is '
        'trained on the same images and tested on all 10,000 test images. Algorithm 1 is 10 times '
        'faster than in the paper.',
        overrides={
            'model.backbone.base_channels': 32,
            'model.backbone.stem_channels': 32,
            'model.neck.in_channels': 256,
            'model.rela_head.out_channels': 256,
        }))
