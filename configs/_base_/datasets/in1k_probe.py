# What linear_probe.py and evaluate.py train and test on (paper, Table 9): a
# checkpoint sees images of 224 pixels.
probe = dict(batch_size=1024, image_size=224, **{
    name: dict(
        type='ImageNet',
        data_root='data/imagenet',
        split=split,
        pipeline=[dict(type='LoadImageFromFile')])
    for name, split in (('train', 'train'), ('test', 'val'))
})
