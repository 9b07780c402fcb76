"""mmpretrain's own entry points take our configs."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from hosts import small_config
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain import (
    FeatureExtractor,
    ImageClassificationInferencer,
    get_model,
    list_models,
)
from mmpretrain.registry import DATASETS, MODELS
from PIL import Image

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


def inferencer(cfg: Config, folder: Path, classes: list[str]
               ) -> ImageClassificationInferencer:
    """mmpretrain's, of a network whose weights a training could have left."""
    init_default_scope('mmpretrain')
    torch.manual_seed(3)
    model = MODELS.build(dict(
        cfg.model, data_preprocessor=cfg.data_preprocessor))
    torch.save(dict(state_dict=model.state_dict(), meta=dict(
        dataset_meta=dict(classes=classes))), folder / 'x.pth')
    return ImageClassificationInferencer(
        cfg, pretrained=str(folder / 'x.pth'), device='cpu')


@torch.no_grad()
def likelihoods(network: torch.nn.Module, rgb: np.ndarray) -> np.ndarray:
    """Of each class, by the network's parts and an image (H, W, 3) uint8."""
    stats = network.data_preprocessor
    image = torch.from_numpy(rgb.copy()).permute(2, 0, 1)
    maps = network.backbone(((image - stats.mean) / stats.std)[None])[-1]
    return network.head.fc(maps.mean((2, 3))).softmax(1)[0].numpy()


def test_labels_for_new_images_of_cifar(tmp_path):
    """Given a pipeline, since files come as BGR and CIFAR-10 as RGB."""
    cfg = Config.fromfile(CONFIGS / 'finetune/resnet18_cifar10.py')
    cfg.test_dataloader.dataset.pipeline = TEST
    classes = [f'class {i}' for i in range(10)]
    ours = inferencer(cfg, tmp_path, classes)
    image = np.random.default_rng(0).integers(
        256, size=(32, 32, 3), dtype=np.uint8)
    found, = ours(image)
    expected = likelihoods(ours.model, image[..., ::-1])
    np.testing.assert_allclose(found['pred_scores'], expected, atol=1e-5)
    assert found['pred_class'] == classes[expected.argmax()]


def test_labels_for_new_images_of_a_folder(tmp_path):
    """By the config as it is: the middle of a file of 256 pixels."""
    cfg = Config.fromfile(CONFIGS / 'finetune/resnet50_imagefolder.py')
    cfg.merge_from_dict({'model.backbone.depth': 18,
                         'model.head.in_channels': 512,
                         'model.head.num_classes': 3})
    rgb = np.random.default_rng(0).integers(
        256, size=(256, 256, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(tmp_path / 'new.png')
    ours = inferencer(cfg, tmp_path, ['ape', 'bee', 'cat'])
    found, = ours(str(tmp_path / 'new.png'))
    expected = likelihoods(ours.model, rgb[16:240, 16:240])
    np.testing.assert_allclose(found['pred_scores'], expected, atol=1e-5)
    assert found['pred_class'] == ['ape', 'bee', 'cat'][expected.argmax()]


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
        assert isinstance(cfg.param_scheduler, (list, dict)), leaf
