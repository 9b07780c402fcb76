# What the paper's table 1 shares: BYOL alone and with RELA of six priors, by
# budget.
_base_ = ['cifar10.py', 'networks.py']
baseline = 'BYOL, 100 %'  # for cost to accuracy, Fig. 4c
priors = dict(cf10_t=dict(of='BYOL, 100 %', table='table1_cifar10', image_size=32), **_base_._networks)
_labels = dict(random='random prior', cf10_t='CF10-T', **_base_._others)
rows = [
    dict(
        name=f'{name}, {budget} %', prior=prior, sizes=['smoke', 'paper'],
        overrides={'train_dataloader.sampler.ratio': budget / 100})
    for budget in (100, 10, 20, 50)
    for name, prior in [('BYOL', 'none'), *((f'BYOL + RELA, {label}', prior) for prior, label in _labels.items())]
    if budget < 100 or prior == 'none'
]
sizes = dict(smoke=dict(overrides={'train_dataloader.batch_size': 8}))
