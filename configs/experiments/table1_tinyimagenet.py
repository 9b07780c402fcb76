# Paper, table 1, Tiny-ImageNet.
_base_ = '_base_/table1.py'
title = 'BYOL with and without RELA on Tiny-ImageNet, by budget'
rows = [dict(row, config='configs/byol_rela_r18_tinyimagenet.py') for row in _base_.rows]
