"""A distilled data set: for RELA, and a plain class folder for others."""
from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
import upstream
from calls import CIFAR, ROOT, call, cifar, lines
from mmengine.config import Config
from mmpretrain.registry import DATASETS, MODELS
from torchvision.datasets import ImageFolder
from torchvision.transforms.functional import pil_to_tensor

from mmrela.generation.distill import folders_of
from mmrela.priors import build_prior
from mmrela.targets import TargetStore

STUDENT = str(ROOT / 'configs/experiments/_base_/distilled_stored.py')


@pytest.fixture(scope='module')
def teacher(tmp_path_factory):
    """Spelling of a small classifier, and the network."""
    root = tmp_path_factory.mktemp('teacher')
    cfg = Config.fromfile(ROOT / 'configs/resnet18_rela_cifar10.py')
    cfg.merge_from_dict({
        'model.backbone': dict(_delete_=True, type='ConvNet', width=4),
        'model.neck': None, 'model.head.in_channels': 64})
    cfg.dump(root / 'teacher.py')
    torch.manual_seed(3)
    model = MODELS.build(dict(
        cfg.model, data_preprocessor=cfg.data_preprocessor)).eval()
    torch.save(dict(state_dict=model.state_dict()), root / 'epoch_1.pth')
    return f'checkpoint:{root}/teacher.py,{root}/epoch_1.pth', model


@pytest.fixture(scope='module')
def distilled(teacher, cifar_root, tmp_path_factory):
    root = tmp_path_factory.mktemp('distilled')
    asked = [CIFAR, '--prior', teacher[0], '--ipc', 2, '--dim', 8, '--out',
             root / 'set', *cifar(cifar_root, root / 'all',
                                  'train_dataloader.dataset.indices=60')]
    assert call('distill', *asked) == 0
    return root / 'set', asked


def test_everyone_reads_the_same_images(distilled):
    root, _ = distilled
    theirs = ImageFolder(root / 'train')
    cfg = Config.fromfile(upstream.ROOT / 'resnet/resnet18_8xb32_in1k.py')
    cfg.merge_from_dict({'train_dataloader.dataset.data_root': str(root)})
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    assert len(theirs) == len(dataset) == 20
    assert [label for _, label in theirs.samples] == (
        dataset.get_gt_labels().tolist()) == sorted(2 * [*range(10)])
    assert theirs.classes[0] == 'airplane'
    names = [dataset.get_data_info(i)['img_path'] for i in range(20)]
    assert names == [name for name, _ in theirs.samples]
    assert dataset[0]['inputs'].shape == (3, 224, 224)


def test_images_are_those_of_the_data_set_and_targets_the_priors(
        distilled, teacher, cifar_root):
    root, _ = distilled
    model, source = teacher[1], DATASETS.build(dict(
        type='CIFAR10Binary', data_root=str(cifar_root), split='train'))
    images = np.stack([source.get_data_info(i)['img'] for i in range(60)])
    whole = TargetStore.open(root.parent / 'all')
    targets, logits = (TargetStore.open(root / name)
                       for name in ('targets', 'soft_labels'))
    for row, (image, label) in enumerate(ImageFolder(root / 'train')):
        pixels = pil_to_tensor(image)
        same = (images == np.asarray(image)).all((1, 2, 3)).nonzero()[0]
        assert [i % 10 for i in same] == [label]
        np.testing.assert_allclose(targets[row], whole[same[0]], atol=2e-2)
        seen = model.data_preprocessor(dict(inputs=pixels[None]))['inputs']
        np.testing.assert_allclose(
            logits[row], model(seen)[0].detach(), atol=2e-3)


def test_a_student_gets_stored_labels_and_targets(distilled):
    root, _ = distilled
    cfg = Config.fromfile(STUDENT).train_dataloader.dataset
    dataset = DATASETS.build(dict(
        cfg, data_root=str(root), targets=str(root / 'targets'),
        soft_labels=str(root / 'soft_labels')))
    dataset.check_targets(8)
    logits = torch.from_numpy(TargetStore.open(root / 'soft_labels')[5])
    sample = dataset[5]['data_samples']
    torch.testing.assert_close(
        sample.gt_score, (logits / 20).exp() / (logits / 20).exp().sum())
    assert sample.gt_label.item() == 2


def test_it_is_not_made_twice(distilled, capsys):
    root, asked = distilled
    assert call('distill', *asked) == 2
    assert f'{root} holds a distilled data set already' in lines(
        capsys.readouterr().err)[-1]
    (root / 'targets' / 'meta.json').rename(root / 'meta.json')
    before = sorted((root / 'train').glob('*/*'))
    assert call('distill', *asked) == 0  # as if killed
    assert sorted((root / 'train').glob('*/*')) == before


def test_images_of_others_stay(image_folder, tmp_path, mistake):
    """``--out`` may be where a data set lies that has ``train/CLASS``."""
    root = shutil.copytree(image_folder, tmp_path / 'imagenet')
    before = sorted(root.rglob('*'))
    assert f'{root}/train holds images that were not distilled' in mistake(
        'distill', CIFAR, '--prior', 'random', '--out', root)
    assert sorted(root.rglob('*')) == before


def test_a_prior_without_classes(cifar_root, tmp_path, capsys):
    asked = [CIFAR, '--prior', 'random', '--ipc', 1, '--select', 'crops',
             '--dim', 4, '--out', tmp_path / 'set', *cifar(
                 cifar_root, tmp_path / 'all')]
    assert call('distill', *asked) == 0
    assert 'no soft labels, since random:0' in capsys.readouterr().out
    assert not (tmp_path / 'set' / 'soft_labels').exists()
    assert len(ImageFolder(tmp_path / 'set' / 'train')) == 10


def test_features_of_yours_are_refused_before_any_image(
        cifar_root, tmp_path, mistake):
    """They are those of whole images, by their ids, not of those chosen."""
    np.save(tmp_path / 'mine.npy', np.zeros((1, 8), np.float32))
    (tmp_path / 'mine.ids.txt').write_text('a\n')
    assert f'--prior file:{tmp_path}/mine.npy does not look at im' in mistake(
        'distill', CIFAR, '--prior', f'random + file:{tmp_path}/mine.npy',
        '--out', tmp_path / 'set', *cifar(cifar_root, tmp_path / 'all'))
    assert not (tmp_path / 'set').exists()


def test_only_a_classifier_has_a_head(teacher, cifar_root):
    assert build_prior(teacher[0]).head.out_features == 10


@pytest.mark.parametrize('names, folders', [
    (['ant', 'bee'], ['ant', 'bee']),
    (['bee', 'ant'], ['00000_bee', '00001_ant']),
    (['tench, Tinca', 'a/b'], ['00000_tench_Tinca', '00001_a_b'])])
def test_folders_sort_as_classes_do(names, folders):
    assert folders_of(names) == folders == sorted(folders)
