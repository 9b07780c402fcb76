# The same with soft labels that a ConvNet-3 gives to the mixed views.
_base_ = 'distilled_hard.py'
model = dict(
    host='SoftLabelClassifier',
    temperature=20.0,
    teacher=dict(
        type='ImageClassifier',
        backbone=dict(type='ConvNet', depth=3),
        head=dict(type='LinearClsHead', num_classes=10, in_channels=2048),
        init_cfg=dict(type='Pretrained', checkpoint='')))
