# What the paper's table 2 shares: BYOL alone and with RELA of six priors, at a
# budget of 10 %, on four architectures. The paper's Rand. is an untrained
# ResNet-18, whatever the student.
#
# Students here see images at their own size, with strides and patches to
# match. The released code shows 224 pixels to those that are no ResNets; the
# rows "at 224 pixels" do, with networks of ImageNet's strides and patches.
_base_ = ['cifar10.py', 'clip.py']
_labels = dict(
    rn18='RN18 (Rand.)', clip_rn101='CLIP-RN101', clip_rn50x4='CLIP-RN50x4', clip_vitb32='CLIP-ViT-B/32',
    clip_vitb16='CLIP-ViT-B/16', clip_vitl14='CLIP-ViT-L/14')
priors = {name: _base_._clip[name] for name in _labels if name != 'rn18'}
_224 = {
    'train_dataloader.dataset.rela_pipeline.0.transforms.0.0.type': 'RandomResizedCrop',
    'train_dataloader.dataset.rela_pipeline.0.transforms.0.0.scale': 224,
    'train_dataloader.dataset.pipeline.0.transforms.0.0.type': 'RandomResizedCrop',
    'train_dataloader.dataset.pipeline.0.transforms.0.0.scale': 224,
    'train_dataloader.dataset.pipeline.0.transforms.1.0.type': 'RandomResizedCrop',
    'train_dataloader.dataset.pipeline.0.transforms.1.0.scale': 224,
    'probe.image_size': 224,
}
_stride = {**_224, 'model.backbone.output_stride': 32}
_patch = {**_224, 'model.backbone.img_size': 224, 'model.backbone.patch_size': 16}
_students = [  # name, config's, of all sizes, of the paper's
    ('ResNet-18', 'r18', {}),
    ('MobileNet-V2', 'mobilenetv2', {}),
    ('EfficientNet-B0', 'efficientnetb0', {}),
    ('ViT-T/16', 'vittiny', {}),
    ('MobileNet-V2 at 224 pixels', 'mobilenetv2', _stride),
    ('EfficientNet-B0 at 224 pixels', 'efficientnetb0', _stride),
    ('ViT-T/16 at 224 pixels', 'vittiny', _patch),
]
_narrow = {
    **_base_._resnet,
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'model.neck.in_channels': 64,
}
_less = {key: 64 for key, side in {**_stride, **_patch}.items() if side == 224}
rows = [
    dict(
        name=f'{name}: {label}', config=config, prior=prior,
        overrides={'train_dataloader.sampler.ratio': 0.1, **settings},
        at=dict(smoke=_narrow if config == 'r18' else {key: side for key, side in _less.items() if key in settings}))
    for name, config, settings in _students
    for prior, label in dict(none='BYOL', **_labels).items()
]
sizes = dict(
    _delete_=True,
    smoke=dict(
        notes=_base_.sizes.smoke.notes,
        seeds=[0],
        probe_epochs=2,
        lambda_factor=90,
        overrides={**_base_._smoke, 'train_dataloader.batch_size': 8}),
    paper=dict(_base_.sizes.paper, notes="The paper's setting: batch 128, 100 epochs of 10 % of the images, AdamW, and two "
               'weak views as in the code released with it; ResNet-18 with a 3 x 3 stem.'))
