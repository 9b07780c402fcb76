_base_ = 'native.py'

data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[129.304, 124.070, 112.434],
    std=[68.170, 65.392, 70.418],
    to_rgb=False)  # the images are RGB already
train_dataloader = dict(
    dataset=dict(
        host='CIFAR100Binary',
        data_root='data/cifar100',
        split='train',
        targets='data/targets/cifar100'))

# What tools/linear_probe.py trains and tests on.
probe = dict(
    train=dict(
        type='CIFAR100Binary', data_root='data/cifar100', split='train'),
    test=dict(type='CIFAR100Binary', data_root='data/cifar100', split='test'))
