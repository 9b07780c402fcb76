# train/CLASS/IMAGE and val/CLASS/IMAGE; the classes serve probe and kNN alone.
_base_ = 'byol_rela_r50_folder.py'
train_dataloader = dict(dataset=dict(
    data_root='data/imagefolder', data_prefix='train', targets='data/targets/imagefolder'))
_split = dict(type='CustomDataset', data_root='data/imagefolder', pipeline=[dict(type='LoadImageFromFile')])
probe = dict(train=dict(_split, data_prefix='train'), test=dict(_split, data_prefix='val'))
