# A folder of images without labels, of any sizes, sub-folders included. Crops
# are of 224 pixels; a leaf's pipeline starts with LoadImageFromFile.
_base_ = 'native.py'

data_preprocessor = dict(
    type='SelfSupDataPreprocessor',
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True)
train_dataloader = dict(
    dataset=dict(
        host='CustomDataset',
        data_root='data/images',
        with_label=False,
        targets='data/targets/images',
        rela_pipeline=[
            dict(
                type='MultiView',
                num_views=2,
                transforms=[[
                    dict(
                        type='RandomResizedCrop',
                        scale=224,
                        crop_ratio_range=(0.5, 1.0)),
                    dict(type='RandomFlip', prob=0.5),
                ]]),
            dict(type='PackInputs')
        ]))
