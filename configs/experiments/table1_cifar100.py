# Paper, table 1, CIFAR-100.
_base_ = '_base_/table1.py'
title = 'BYOL with and without RELA on CIFAR-100, by budget'
rows = [dict(row, config='configs/experiments/_base_/byol_cifar100.py') for row in _base_.rows]
