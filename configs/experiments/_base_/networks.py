# The paper's priors of table 1 but for Rand. CF10-T to IN1K-T are BYOL's
# networks of the full budget; those of another `table` are that table's run of
# the same size, for which a run waits. Each sees images as large as those that
# it was trained on.
_base_ = 'clip.py'
_networks = dict(
    cf100_t=dict(of='BYOL, 100 %', table='table1_cifar100', image_size=32),
    tin_t=dict(of='BYOL, 100 %', table='table1_tinyimagenet', image_size=64),
    in1k_t=dict(of='BYOL, 100 %', table='table1_in1k', image_size=224),
    clip_rn50=_base_._clip.clip_rn50)
_others = dict(cf100_t='CF100-T', tin_t='TIN-T', in1k_t='IN1K-T', clip_rn50='CLIP-RN50')
