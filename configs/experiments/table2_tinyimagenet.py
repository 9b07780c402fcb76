# Paper, table 2, Tiny-ImageNet.
_base_ = '_base_/table2.py'
title = 'Priors and students of different architectures on Tiny-ImageNet'
priors = dict(rn18=dict(prior='mmpretrain:configs/byol_rela_r18_tinyimagenet.py', weights='none', image_size=64, normalize='whiten'))
rows = [dict(row, config=f'configs/byol_rela_{row["config"]}_tinyimagenet.py') for row in _base_.rows]
