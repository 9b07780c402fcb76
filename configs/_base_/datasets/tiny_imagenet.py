_base_ = 'native.py'

data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=False)  # TinyImageNet loads RGB
train_dataloader = dict(
    dataset=dict(
        host='TinyImageNet',
        data_root='data/tiny-imagenet-200',
        split='train',
        targets='data/targets/tiny_imagenet'))

# What tools/linear_probe.py trains and tests on.
probe = dict(
    train=dict(
        type='TinyImageNet', data_root='data/tiny-imagenet-200',
        split='train'),
    test=dict(
        type='TinyImageNet', data_root='data/tiny-imagenet-200', split='val'))
