# mmpretrain's linear benchmark, MoCo v3's:
#   tools/dist_train.sh configs/linear/mocov3_resnet50_in1k.py 8 --cfg-options \
#       model.backbone.init_cfg.checkpoint=work_dirs/.../epoch_200.pth
_base_ = 'mmpretrain::mocov3/benchmarks/resnet50_8xb128-linear-coslr-90e_in1k.py'
custom_imports = dict(imports=['mmrela.registry'], allow_failed_imports=False)
default_hooks = dict(plain_checkpoint=dict(type='PlainCheckpointHook'))
