_base_ = 'native.py'

data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[125.307, 122.961, 113.8575],
    std=[51.5865, 50.847, 51.255],
    to_rgb=False)  # the images are RGB already
train_dataloader = dict(
    dataset=dict(
        host='CIFAR10Binary',
        data_root='data/cifar10',
        split='train',
        targets='data/targets/cifar10'))

# What tools/linear_probe.py trains and tests on.
probe = dict(
    train=dict(
        type='CIFAR10Binary', data_root='data/cifar10', split='train'),
    test=dict(type='CIFAR10Binary', data_root='data/cifar10', split='test'))
