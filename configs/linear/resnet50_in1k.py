# mmpretrain's linear benchmark, BYOL's, which is also that of SimCLR, SimSiam and SwAV:
#   tools/dist_train.sh configs/linear/resnet50_in1k.py 8 --cfg-options \
#       model.backbone.init_cfg.checkpoint=work_dirs/.../epoch_200.pth
_base_ = 'mmpretrain::byol/benchmarks/resnet50_8xb512-linear-coslr-90e_in1k.py'
custom_imports = dict(imports=['mmrela.registry'], allow_failed_imports=False)
default_hooks = dict(plain_checkpoint=dict(type='PlainCheckpointHook'))
