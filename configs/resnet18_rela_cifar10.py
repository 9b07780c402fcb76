# Labels: a classifier is the host; the recipe's batch is 128 on 8 GPUs together.
_base_ = ['mmpretrain::resnet/resnet18_8xb16_cifar10.py', '_base_/rela.py']
_base_.rela_pipeline[0]['transforms'][0][0]['scale'] = 32
model = dict(type='Rela', host=_base_.model.type, rela_head=_base_.rela_head)
_data = dict(type='RelaTargetDataset', host='CIFAR10Binary', targets='data/targets/cifar10', rela_pipeline=_base_.rela_pipeline)
train_dataloader = dict(batch_size=128, sampler=_base_.rela_sampler, collate_fn=dict(type='default_collate'), dataset=_data)
test_dataloader = val_dataloader = dict(batch_size=128, dataset=dict(type='CIFAR10Binary'))
default_hooks = _base_.rela_hooks
find_unused_parameters = True  # each stage trains a part of the model
probe = {split: dict(type='CIFAR10Binary', data_root='data/cifar10', split=split) for split in ('train', 'test')}
