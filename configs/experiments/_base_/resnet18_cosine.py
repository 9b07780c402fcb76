# A classifier whose learning rate falls by a cosine to 0, however long its
# part of the training is.
_base_ = '../../resnet18_rela_cifar10.py'
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True)
