_base_ = 'native.py'

data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[72.94] * 3,
    std=[90.02] * 3,
    to_rgb=False)  # the images are grey
_images = dict(
    data_root='data/fashion_mnist', download=False, serialize_data=False)
train_dataloader = dict(
    dataset=dict(
        _images,
        host='FashionMNIST',
        split='train',
        targets='data/targets/fashion_mnist'))

# What tools/linear_probe.py trains and tests on.
probe = dict(
    train=dict(_images, type='FashionMNIST', split='train'),
    test=dict(_images, type='FashionMNIST', split='test', test_mode=True))
