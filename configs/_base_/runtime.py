_base_ = 'rela.py'

default_scope = 'mmpretrain'
find_unused_parameters = True  # each stage trains a part of the model
default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=10, max_keep_ckpts=3),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    rela=_base_.rela_hooks.rela,
    determinism=_base_.rela_hooks.determinism,
    plain_checkpoint=_base_.rela_hooks.plain_checkpoint,
    seconds=_base_.rela_hooks.seconds)
env_cfg = dict(
    cudnn_benchmark=True,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'))
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='UniversalVisualizer', vis_backends=vis_backends)
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0)
