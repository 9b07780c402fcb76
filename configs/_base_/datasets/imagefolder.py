# train/CLASS/IMAGE and val/CLASS/IMAGE, as torchvision's ImageFolder has it;
# the classes serve probes alone.
_base_ = 'folder.py'

train_dataloader = dict(
    dataset=dict(
        data_root='data/imagefolder',
        data_prefix='train',
        targets='data/targets/imagefolder'))

# What tools/linear_probe.py --image-size 224 trains and tests on.
_loading = [dict(type='LoadImageFromFile')]
probe = dict(
    train=dict(
        type='CustomDataset', data_root='data/imagefolder',
        data_prefix='train', pipeline=_loading),
    test=dict(
        type='CustomDataset', data_root='data/imagefolder',
        data_prefix='val', pipeline=_loading))
