# BYOL's two views (arXiv:2006.07733, table 6), without blur as in the code
# released with the RELA paper, which trains on small images.
_view = [
    dict(type='NativeResizedCrop', crop_ratio_range=(0.08, 1.0)),
    dict(type='RandomFlip', prob=0.5),
    dict(
        type='RandomApply',
        prob=0.8,
        transforms=[
            dict(
                type='ColorJitter',
                brightness=0.4,
                contrast=0.4,
                saturation=0.2,
                hue=0.1)
        ]),
    dict(
        type='RandomGrayscale',
        prob=0.2,
        keep_channels=True,
        channel_weights=(0.299, 0.587, 0.114)),
]
strong_pipeline = [
    dict(
        type='MultiView',
        num_views=[1, 1],
        transforms=[
            _view, _view + [dict(type='Solarize', thr=128, prob=0.2)]
        ]),
    dict(type='PackInputs')
]
