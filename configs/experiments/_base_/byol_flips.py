# BYOL whose weak views are whole images, or stored views of them, flipped.
_base_ = '../../byol_rela_r18_cifar10_device.py'
train_dataloader = dict(dataset=dict(rela_pipeline=[
    dict(type='MultiView', num_views=1, transforms=[[dict(type='RandomFlip', prob=0.5)]]),
    dict(type='PackInputs'),
]))
