# DINO (arXiv:2104.14294) without local crops, its head of two layers and 2048
# outputs as in the code released with the RELA paper; momentum and views as
# BYOL's there. The paper's 30 epochs of warm-up and one of frozen prototypes
# are counted in steps: 390 an epoch of CIFAR-10 at batch 128.
_base_ = ['../views/asymmetric.py', '../backbones/resnet18.py']

model = dict(
    host='DINO',
    base_momentum=0.01,
    freeze_last_layer=390,
    neck=dict(
        type='DINONeck',
        in_channels=512,
        hid_channels=2048,
        out_channels=2048,
        bottleneck_channels=256,
        num_layers=2),
    head=dict(
        type='DINOHead',
        out_channels=2048,
        warmup_iters=30 * 390,
        student_temp=0.1,
        warmup_teacher_temp=0.04,
        teacher_temp=0.07))
