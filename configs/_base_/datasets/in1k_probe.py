# What linear_probe.py and evaluate.py train and test on (paper, Table 9): a
# checkpoint sees images of 224 pixels.
_split = dict(type='ImageNet', data_root='data/imagenet', pipeline=[dict(type='LoadImageFromFile')])
probe = dict(batch_size=1024, image_size=224, train=dict(_split, split='train'), test=dict(_split, split='val'))
