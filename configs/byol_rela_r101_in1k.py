_base_ = 'byol_rela_r50_in1k.py'
model = dict(backbone=dict(depth=101))
