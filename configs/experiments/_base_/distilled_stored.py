# The same with the soft labels that the distilled set holds.
_base_ = 'distilled_hard.py'
model = dict(host='SoftLabelClassifier', temperature=20.0)
train_dataloader = dict(dataset=dict(
    type='SoftLabelDataset', soft_labels='data/distilled/cifar10/soft_labels', temperature=20.0))
