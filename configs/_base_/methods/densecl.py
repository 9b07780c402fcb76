# DenseCL (arXiv:2011.09157). mmpretrain's recipe with the queue, temperature,
# momentum and views of MoCo v2, which it extends.
_base_ = 'mocov2.py'

model = dict(
    host='DenseCL',
    loss_lambda=0.5,
    neck=dict(
        _delete_=True,
        type='DenseCLNeck',
        in_channels=512,
        hid_channels=512,
        out_channels=128,
        num_grid=None))
