"""Linear probe and kNN of networks, by one process and by several."""
from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from calls import CIFAR, IN1K, ROOT, call, colors
from forked import run_ranks
from mmengine.config import Config
from mmpretrain.registry import MODELS

from _lib.config import load_config
from _lib.evaluation.checkpoints import checkpoints_of
from mmrela.errors import UserError
from mmrela.evaluation.labelled import both_splits, with_images
from mmrela.evaluation.scores import evaluate
from mmrela.priors import build_prior

KEYS = [f'{kind}_top{count}' for kind in ('linear', 'knn')
        for count in (1, 5)] + ['recall_at_1', 'map_at_200']


@pytest.fixture(scope='module')
def options(cifar_root) -> list[str]:
    """140 images and 130, so that two ranks have a share of each."""
    return ['model.backbone.base_channels=8', 'model.backbone.stem_channels=8',
            *(f'probe.{split}.{entry}' for split, count in dict(
                train=140, test=130).items()
              for entry in (f'data_root={cifar_root}', f'indices={count}'))]


@pytest.fixture(scope='module')
def cfg(options):
    return load_config(SimpleNamespace(config=CIFAR, cfg_options=options))


@pytest.fixture(scope='module')
def work_dir(cfg, tmp_path_factory) -> Path:
    """Checkpoints of epochs 2 and 10, and what else lies beside them."""
    place = tmp_path_factory.mktemp('run')
    for number in (2, 10):
        torch.manual_seed(number)
        state = MODELS.build(cfg.model.backbone).state_dict()
        torch.save(dict(state_dict={f'backbone.{key}': value for key, value
                                    in state.items()}),
                   place / f'epoch_{number}.pth')
    shutil.copy(place / 'epoch_2.pth', place / 'best_knn_epoch_2.pth')
    shutil.copy(place / 'epoch_2.pth', place / 'epoch_2_timm.pth')
    return place


def test_all_checkpoints_of_a_run(work_dir, options, tmp_path, capsys):
    assert call('evaluate', CIFAR, '--all', work_dir, '--epochs', 3, '--out',
                tmp_path / 'out', '--cfg-options', *options) == 0
    rows = json.loads((tmp_path / 'out/evaluation.json').read_text())
    assert [row['model'] for row in rows] == [
        str(work_dir / f'epoch_{number}.pth') for number in (2, 10)]
    for row in rows:
        assert all(0 <= row[key] <= 100 for key in KEYS)
        assert row['linear_top1'] <= row['linear_top5']
        assert (row['train_images'], row['test_images']) == (140, 130)
    said, bars = capsys.readouterr()
    assert '140/140' in bars and '130/130' in bars
    table = (tmp_path / 'out/evaluation.md').read_text()
    assert said.endswith(table) and f'| {rows[1]["knn_top5"]:.2f} |' in table
    assert {'#1f77b4', '#ff7f0e'} <= colors(tmp_path / 'out/evaluation.png')


def test_the_linear_score_is_linear_probes(work_dir, options, tmp_path):
    file = work_dir / 'epoch_10.pth'
    more = ['--epochs', 3, '--seed', 5, '--cfg-options', *options]
    assert call('linear_probe', CIFAR, file, '--out', tmp_path / 'probe.json',
                *more) == 0
    assert call('evaluate', CIFAR, file, '--out', tmp_path, *more) == 0
    row, = json.loads((tmp_path / 'evaluation.json').read_text())
    probe = json.loads((tmp_path / 'probe.json').read_text())
    assert probe['linear_top1'] == row['linear_top1']
    assert set(probe) == {'linear_top1', 'model', 'train_images',
                          'test_images', 'warning', 'epochs', 'seed'}
    assert not (tmp_path / 'evaluation.png').exists()  # nothing to draw


def test_ranks_end_in_the_same_scores(cfg, tmp_path):
    def scores() -> dict | None:
        return evaluate(cfg, build_prior('random', cfg=cfg), 3, 0, [2])

    def work(rank: int) -> None:
        (tmp_path / f'{rank}.json').write_text(json.dumps(scores()))

    alone = scores()
    codes, said = run_ranks(work, 3, tmp_path)
    assert codes == [0, 0, 0], said
    assert [json.loads((tmp_path / f'{rank}.json').read_text())
            for rank in range(3)] == [alone, None, None]


def test_a_folder_of_classes(image_folder, tmp_path, capsys):
    config = ROOT / 'configs/byol_rela_r50_folder.py'
    small = ['--image-size', 32, '--epochs', 2, '--out', tmp_path,
             '--cfg-options', 'model.backbone.depth=18',
             'train_dataloader.num_workers=0']
    assert call('evaluate', config, '--prior', 'random', '--data',
                image_folder, *small) == 0
    row, = json.loads((tmp_path / 'evaluation.json').read_text())
    assert (row['train_images'], row['test_images']) == (18, 18)
    assert row['linear_top5'] == row['knn_top5'] == 100  # of three classes


def test_few_labels_are_columns(work_dir, options, tmp_path, capsys):
    """Of both kinds of amounts."""
    file = work_dir / 'epoch_10.pth'
    assert call('evaluate', CIFAR, file, '--epochs', 1, '--labels', 0.1, 2,
                '--out', tmp_path, '--cfg-options', *options) == 0
    row, = json.loads((tmp_path / 'evaluation.json').read_text())
    assert [(few['labels'], few['images']) for few in row['few_labels']] == [
        (0.1, 10), (2, 20)]
    table = capsys.readouterr().out
    for few, of in zip(row['few_labels'],
                       ['10 % of labels', '2 labels a class']):
        score, deviation = few['knn_top1']
        assert f'{of}: ridge | {of}: kNN |' in table
        assert f'| {score:.2f} ± {deviation:.2f} |' in table


@pytest.mark.parametrize('amount', ['0', '1.5', '-1', 'all'])
def test_amounts_that_are_none(amount, capsys):
    assert call('evaluate', CIFAR, 'x.pth', f'--labels={amount}') == 2
    assert '--labels' in capsys.readouterr().err


def test_imagenets_own_images(image_folder, tmp_path):
    """Of many sizes: a checkpoint sees those that `probe` names."""
    small = ['model.backbone.depth=18', 'model.backbone.base_channels=8',
             'model.backbone.stem_channels=8', 'probe.image_size=32',
             'train_dataloader.num_workers=0',
             *(f'probe.{split}.data_root={image_folder}'
               for split in ('train', 'test'))]
    cfg = load_config(SimpleNamespace(config=IN1K, cfg_options=small))
    assert cfg.probe.batch_size == 1024
    torch.save(dict(state_dict=build_prior('random', cfg=cfg)
                    .model.state_dict()), tmp_path / 'epoch_1.pth')
    asked = [IN1K, tmp_path / 'epoch_1.pth', '--epochs', 2]
    assert call('evaluate', *asked, '--out', tmp_path, '--cfg-options',
                *small) == 0
    row, = json.loads((tmp_path / 'evaluation.json').read_text())
    assert (row['train_images'], row['test_images']) == (18, 18)
    assert row['linear_top5'] == 100  # of three classes
    assert call('linear_probe', *asked, '--out', tmp_path / 'probe.json',
                '--cfg-options', *small) == 0
    probe = json.loads((tmp_path / 'probe.json').read_text())
    assert probe['linear_top1'] == row['linear_top1']


def test_images_that_do_not_go_together(image_folder, tmp_path, mistake):
    config = ROOT / 'configs/byol_rela_r50_folder.py'
    argv = ['evaluate', config, '--prior', 'random']
    assert 'pass --data' in mistake(*argv)
    assert 'no folder train' in mistake(*argv, '--data', tmp_path)
    for split in ('train', 'val'):
        shutil.copytree(image_folder / split, tmp_path / split)
    shutil.rmtree(tmp_path / 'val/class_0')  # class_1 would become class 0
    assert "'class_0' is in one of them alone" in mistake(
        *argv, '--data', tmp_path)


def test_other_images_at_the_size_of_the_configs(image_folder):
    cfg = Config(dict(probe=dict(image_size=24, train=1)))
    found = with_images(cfg, image_folder).probe
    assert found.image_size == 24
    assert found.train.data_root == str(image_folder)
    assert 'image_size' not in with_images(Config(), image_folder).probe


@pytest.mark.parametrize('names, why', [
    ([], 'neither'), (['best_epoch_1', 'epoch_1_timm'], 'neither'),
    (['epoch_1', 'iter_5'], 'both')])
def test_runs_without_an_order(names, why, tmp_path):
    for name in names:
        (tmp_path / f'{name}.pth').touch()
    with pytest.raises(UserError, match=f'there are {why} epoch_N.pth'):
        checkpoints_of(tmp_path)


def test_checkpoints_are_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9, 100):
        (tmp_path / f'iter_{number}.pth').touch()
    assert [*checkpoints_of(tmp_path)] == [9, 10, 100]


def test_both_splits_are_the_images_in_order(cfg):
    train, test, seen = both_splits(cfg, build_prior('random', cfg=cfg))
    assert seen == 1  # the six files of small CIFAR are one
    assert train[1].tolist() == [i % 10 for i in range(140)]
    assert len(test[0]) == len(test[1]) == 130
