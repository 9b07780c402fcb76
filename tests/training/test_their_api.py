"""mmpretrain's own entry points take our configs."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from hosts import small_config
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain import FeatureExtractor, get_model, list_models
from mmpretrain.registry import DATASETS, MODELS

CONFIGS = Path(__file__).parents[2] / 'configs'
TEST = [dict(type='Resize', scale=32), dict(type='NumpyToPIL', to_rgb=True),
        dict(type='PackInputs')]


def test_models_are_known_by_name():
    """And built from the config of that name."""
    leaves = {file.stem for file in CONFIGS.glob('*.py')}
    assert {*list_models('*rela*')} == leaves and len(leaves) >= 40
    model = get_model('simsiam_rela_r18_cifar10')
    assert type(model).__name__ == 'RelaSimSiam' and not model.training


def test_features_of_a_file(cifar_root, tmp_path):
    """Through FeatureExtractor, which needs to be told a pipeline.

    The config's images are RGB, and files come as BGR.
    """
    cfg = small_config('SimSiam', cifar_root, tmp_path / 'run')
    init_default_scope('mmpretrain')
    torch.manual_seed(3)
    model = MODELS.build(dict(
        cfg.model, data_preprocessor=cfg.data_preprocessor)).eval()
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'x.pth')
    cfg.test_dataloader = dict(dataset=dict(type='ImageNet', pipeline=TEST))
    image = np.random.default_rng(0).integers(
        256, size=(32, 32, 3), dtype=np.uint8)
    found, = FeatureExtractor(
        cfg, pretrained=str(tmp_path / 'x.pth'), device='cpu')(image)
    rgb = torch.from_numpy(image[..., ::-1].copy()).permute(2, 0, 1)
    stats = cfg.data_preprocessor
    mean, std = (torch.tensor(stats[key])[:, None, None]
                 for key in ('mean', 'std'))
    with torch.no_grad():
        expected = model.backbone(((rgb - mean) / std)[None])[-1][0]
    torch.testing.assert_close(found[-1], expected, rtol=1e-4, atol=1e-4)


def test_tools_see_the_hosts_pipeline(cifar_root, tmp_path):
    """browse_dataset puts one of its own into place, as SwitchRecipeHook."""
    cfg = small_config('SimSiam', cifar_root, tmp_path / 'run')
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    host = dataset.pipeline
    assert host is dataset.dataset.pipeline
    seen = []

    def replaced(info):
        seen.append(info)
        return host(info)

    dataset.pipeline = replaced
    assert len(dataset[0]['inputs']) == 2 and len(seen) == 1
    joined = dict(cfg.train_dataloader.dataset, host='ConcatDataset',
                  datasets=[dict(type='CIFAR10Binary', split='test',
                                 data_root=str(cifar_root))])
    for key in ('data_root', 'split', 'indices', 'pipeline'):
        joined.pop(key, None)
    assert not hasattr(DATASETS.build(joined), 'pipeline')


def test_a_recipe_without_schedulers_says_so():
    """vis_scheduler reads the entry, be it empty."""
    for leaf in CONFIGS.glob('*.py'):
        cfg = Config.fromfile(leaf, import_custom_modules=False)
        assert isinstance(cfg.param_scheduler, list), leaf
