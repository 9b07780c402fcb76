# mmpretrain's linear benchmark, Barlow Twins':
#   tools/dist_train.sh configs/linear/barlowtwins_resnet50_in1k.py 8 --cfg-options \
#       model.backbone.init_cfg.checkpoint=work_dirs/.../epoch_200.pth
_base_ = 'mmpretrain::barlowtwins/benchmarks/resnet50_8xb32-linear-coslr-100e_in1k.py'
custom_imports = dict(imports=['mmrela.registry'], allow_failed_imports=False)
default_hooks = dict(plain_checkpoint=dict(type='PlainCheckpointHook'))
