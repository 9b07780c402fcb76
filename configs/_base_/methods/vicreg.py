# VICReg (arXiv:2105.04906): the paper's coefficients; expander as wide as
# solo-learn's for CIFAR-10 (2048, a quarter of the paper's); views: BYOL's.
_base_ = ['../views/asymmetric.py', '../backbones/resnet18.py']

model = dict(
    host='VICReg',
    neck=dict(
        type='NonLinearNeck',
        in_channels=512,
        hid_channels=2048,
        out_channels=2048,
        num_layers=3,
        with_bias=True,
        with_last_bn=False,
        with_avg_pool=True),
    head=dict(
        type='VICRegHead', sim_coeff=25., std_coeff=25., cov_coeff=1.))
