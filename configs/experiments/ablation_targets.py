# One factor of RELA's targets and weak views at a time, the others as in the
# first row (of the random prior: as in its own). Same steps in all rows, but
# for the last ones. Components: 256 in the small size, 512 in the paper's.
_base_ = '_base_/narrow.py'
title = "RELA's targets and weak views, BYOL on CIFAR-10"
_config = 'configs/byol_rela_r18_cifar10_device.py'
_released = 'configs/experiments/_base_/byol_released_views.py'
_views = 'train_dataloader.dataset.rela_pipeline.0.num_views'
_width = 'model.rela_head.out_channels'
_centre = {_views: 1}
rows = [
    dict(name='MobileNet-V2: center, one view', config=_config, prior='mobilenet_v2', overrides=_centre),
    *[dict(name=f'MobileNet-V2: {scaling}', config=_config, prior='mobilenet_v2', overrides=_centre,
           generation=dict(normalize=scaling)) for scaling in ('standardize', 'whiten')],
    *[dict(name=f'MobileNet-V2: {width} components', config=_config, prior='mobilenet_v2',
           overrides={**_centre, _width: width}, sizes=sizes) for width, sizes in ((64, ['small', 'paper']), (128, ['small', 'paper']), (512, ['small']))],
    dict(name='MobileNet-V2: two views', config=_config, prior='mobilenet_v2', overrides={_views: 2}),
    dict(name="MobileNet-V2: the released code's views", config=_released, prior='mobilenet_v2', overrides=_centre),
    *[dict(name=f'random prior: {scaling}', config=_config, prior='random', overrides=_centre,
           generation=dict(normalize=scaling)) for scaling in ('whiten', 'center', 'standardize')],
    dict(name='random prior: two views', config=_config, prior='random', overrides={_views: 2}),
    # Whitened targets and the released views hand over earlier by Algorithm 1.
    *[dict(name=f'MobileNet-V2, RELA for 50 %: {label}', config=config, prior='mobilenet_v2', sizes=['small'],
           overrides={**_base_._alone, **_centre, 'default_hooks.rela.schedule.fraction': 0.5}, generation=generation)
      for label, config, generation in (
          ('center, one view', _config, {}), ('whiten', _config, dict(normalize='whiten')),
          ("the released code's views", _released, {}))],
    # One view and two at equal compute, without the host's steps.
    *[dict(name=f'RELA alone, {label}', config=_config, prior=prior, overrides={**_base_._alone, _views: views}, sizes=['small'],
           at=dict(small={'train_cfg.max_epochs': epochs}))
      for prior, name in (('mobilenet_v2', 'MobileNet-V2'), ('random', 'random prior'))
      for label, views, epochs in ((f'{name}: two views', 2, 5), (f'{name}: one view, twice the steps', 1, 10))],
]
sizes = dict(paper=dict(overrides={'train_dataloader.sampler.ratio': 0.1}))
