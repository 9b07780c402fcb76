# mmpretrain's linear benchmark, MoCo v2's, which is also DenseCL's:
#   tools/dist_train.sh configs/linear/moco_resnet50_in1k.py 8 --cfg-options \
#       model.backbone.init_cfg.checkpoint=work_dirs/.../epoch_200.pth
_base_ = 'mmpretrain::mocov2/benchmarks/resnet50_8xb32-linear-steplr-100e_in1k.py'
custom_imports = dict(imports=['mmrela.registry'], allow_failed_imports=False)
default_hooks = dict(plain_checkpoint=dict(type='PlainCheckpointHook'))
