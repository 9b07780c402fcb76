# DINO's multi-crop (arXiv:2104.14294): two global views and six local ones, of
# half the side of CIFAR's images, all with the distortions of the first view.
_base_ = 'dino.py'

_distortions = _base_._view[1:]
strong_pipeline = [
    dict(
        type='MultiView',
        num_views=[2, 6],
        transforms=[
            [
                dict(type='NativeResizedCrop', crop_ratio_range=(0.4, 1.0)),
                *_distortions,
            ],
            [
                dict(
                    type='RandomResizedCrop',
                    scale=16,
                    crop_ratio_range=(0.05, 0.4)),
                *_distortions,
            ],
        ]),
    dict(type='PackInputs')
]
