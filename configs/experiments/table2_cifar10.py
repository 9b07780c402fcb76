# Paper, table 2, CIFAR-10.
_base_ = '_base_/table2.py'
title = 'Priors and students of different architectures on CIFAR-10'
priors = dict(rn18=dict(prior='mmpretrain:configs/byol_rela_r18_cifar10.py', weights='none', image_size=32, normalize='whiten'))
rows = [dict(row, config=f'configs/byol_rela_{row["config"]}_cifar10.py') for row in _base_.rows]
