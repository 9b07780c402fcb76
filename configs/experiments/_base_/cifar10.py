# What the tables on CIFAR-10 share. A row's settings are its config, then
# the size's overrides, then the row's own, then the row's for that size
# (`at`); all are spelled as for --cfg-options.
#
# priors: arguments of tools/gen_targets.py by name; None is the plain host.
# sizes: overrides, seeds, epochs of the linear probe, and how much faster
# than in the paper Algorithm 1's two averages are (lambda_factor). After the
# epochs in probe_at, a row's own or the size's, a linear probe is taken, too;
# the checkpoints are kept until then.
priors = dict(
    none=None,
    random=dict(prior='random', normalize='whiten'),
    mobilenet_v2=dict(
        prior='torchvision:mobilenet_v2',
        image_size=64,
        weights='data/weights/mobilenet_v2-b0353104.pth'))

_resnet = {'model.backbone.type': 'ResNet'}  # its ImageNet stem: ten times cheaper
_alone = {'default_hooks.rela.schedule.type': 'FixedLambda', 'default_hooks.rela.schedule.fraction': 1.0}
_cpu = {
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'default_hooks.checkpoint.interval': 1,
    'default_hooks.checkpoint.max_keep_ckpts': 2,
    'default_hooks.logger.interval': 13,
}
_smoke = {
    **_cpu,
    'model.rela_head.out_channels': 64,
    'train_dataloader.batch_size': 64,
    'train_dataloader.dataset.indices': 256,
    'probe.train.indices': 256,
    'probe.test.indices': 256,
    'train_cfg.max_epochs': 2,
    'default_hooks.logger.interval': 1,
}
_small = {
    **_cpu,
    'train_dataloader.dataset.indices': 10000,
    'probe.train.indices': 10000,
    'train_cfg.max_epochs': 5,
}
sizes = dict(
    smoke=dict(
        notes='A trial of the machinery on 256 images; its numbers mean nothing.',
        seeds=[0],
        probe_epochs=2,
        lambda_factor=90,
        overrides={
            **_resnet,
            **_smoke,
            'model.backbone.base_channels': 8,
            'model.backbone.stem_channels': 8,
            'model.neck.in_channels': 64,
        }),
    small=dict(
        notes='ResNet-18 with the ImageNet stem, the first 10,000 training images, batch 128, '
        '5 epochs of 78 steps, one weak view; the probe is trained on the same images and '
        'tested on all 10,000 test images. Algorithm 1 is 10 times faster than in the paper.',
        seeds=[0, 1],
        probe_epochs=100,
        lambda_factor=10,
        overrides={
            **_resnet,
            **_small,
        }),
    paper=dict(
        notes="The paper's setting: ResNet-18 with a 3 x 3 stem, batch 128, 100 epochs, AdamW, and "
        'two weak views as in the code released with it; trained in bfloat16 (autocast).',
        seeds=[0, 1, 2],
        probe_epochs=100,
        lambda_factor=1,
        overrides={
            'train_dataloader.dataset.rela_pipeline.0.num_views': 2,
            'optim_wrapper.type': 'AmpOptimWrapper',
            'optim_wrapper.dtype': 'bfloat16',
            'default_hooks.channels_last.type': 'ChannelsLastHook',
            'default_hooks.checkpoint.interval': 10,
            'default_hooks.checkpoint.max_keep_ckpts': 2,
        }))
