# Paper, table 1, ImageNet-1K.
_base_ = '_base_/table1.py'
title = 'BYOL with and without RELA on ImageNet-1K, by budget'
priors = dict(random=dict(image_size=224))  # images have many sizes
rows = [dict(row, config='configs/byol_rela_r50_in1k_paper.py') for row in _base_.rows]
sizes = dict(
    smoke=dict(overrides={
        'model.backbone.depth': 18,
        'train_dataloader.dataset.pipeline.1.transforms.0.0.scale': 32,
        'train_dataloader.dataset.pipeline.1.transforms.1.0.scale': 32,
        'train_dataloader.dataset.rela_pipeline.0.transforms.0.0.scale': 32,
        'probe.image_size': 32,
    }),
    paper=dict(
        notes="The paper's setting: ResNet-50, batch 512 in one process, 100 epochs, AdamW, and two weak views as in the "
        'code released with it; the probe has batch 1024 (Table 9).',
        overrides={'train_dataloader.batch_size': 512}))
