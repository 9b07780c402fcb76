"""Scores are those of a plain loop, and the training never notices."""
from __future__ import annotations

import json
import random
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from forked import run_ranks
from hosts import hand_over_after, small_config
from layouts import class_folders, flat_folder
from mmengine.config import ConfigDict
from mmengine.hooks import IterTimerHook
from mmengine.runner import Runner
from PIL import Image
from torch import nn

from mmrela.engine.cpu_ranks import CPUDistributedDataParallel
from mmrela.engine.scores import OnlineKNNHook
from mmrela.errors import UserError
from mmrela.measures.regression import Ridge

STATS = dict(mean=[100., 120., 140.], std=[50., 60., 70.])


class Model(nn.Module):
    """Draws random numbers, has BN, and a part that stays in eval mode."""

    backbone = None  # it tells how to pool tokens, of which there are none

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 5, stride=4)
        self.bn = nn.BatchNorm2d(8)
        self.frozen = nn.Dropout(0.5).eval()
        self.noise = 0.

    def extract_feat(self, inputs):
        assert not any(module.training for module in self.modules())
        random.random(), np.random.rand(), torch.rand(3)
        features = self.bn(self.conv(inputs)).relu()
        return inputs, features + self.noise * torch.randn_like(features)

    forward = extract_feat


def cifar(root, start, stop):
    return dict(type='CIFAR10Binary', data_root=str(root), split='test',
                indices=list(range(start, stop)))


def fake_runner(to_rgb=False, workers=0, **cfg):
    torch.manual_seed(0)
    said, scalars = [], []
    return SimpleNamespace(
        cfg=ConfigDict(
            model=dict(data_preprocessor=dict(STATS, to_rgb=to_rgb)), **cfg),
        model=Model(), train_dataloader=SimpleNamespace(num_workers=workers),
        iter=0, epoch=0, max_epochs=5, max_iters=5, hooks=[], val_loop=None,
        timestamp='now', said=said,
        logger=SimpleNamespace(info=said.append), scalars=scalars,
        visualizer=SimpleNamespace(add_scalars=lambda row, step, file_path:
                                   scalars.append((step, row['knn_top1']))))


def started(runner, **kwargs):
    hook = OnlineKNNHook(**kwargs)
    hook.before_train(runner)
    return hook


def score(hook, runner):
    return hook.scores(runner)['knn_top1']


def probe(root):
    """300 images to vote, 140 others to classify: 3 and 2 batches."""
    return dict(train=cifar(root, 0, 300), test=cifar(root, 500, 640))


@torch.no_grad()
def naive_score(model, bank, queries, k, temperature=0.1):
    """Top-1 in per cent, image by image; (image, label) pairs, RGB."""
    mean, std = (torch.tensor(STATS[s])[:, None, None] for s in STATS)

    def feature(image):
        x = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        x = model.extract_feat(((x - mean) / std)[None])[-1]
        return F.normalize(x.mean((2, 3)))[0].double()

    model.eval()
    known = [(feature(image), label) for image, label in bank]
    hits = 0
    for image, label in queries:
        own = feature(image)
        near = sorted(((own @ f).item(), c) for f, c in known)[-k:]
        votes = np.bincount([c for _, c in near], minlength=10, weights=[
            np.exp(similarity / temperature) for similarity, _ in near])
        hits += votes.argmax() == label
    model.train()
    return 100 * hits / len(queries)


@pytest.mark.parametrize('k', [1, 20])
def test_score_of_arrays(cifar_root, k):
    runner = fake_runner(probe=probe(cifar_root))
    hook = started(runner, k=k)
    bank, queries = (
        [(info['img'], info['gt_label']) for info in map(
            images.dataset.get_data_info, range(len(images)))]
        for images in (hook._bank, hook._queries))
    expected = naive_score(runner.model, bank, queries, k)
    assert 15 < expected < 95
    assert score(hook, runner) == pytest.approx(expected)
    assert runner.scalars == [(0, score(hook, runner))]


def test_linear_score(cifar_root):
    """Of the pixels' plain features, by one regression for all images."""
    runner = fake_runner(probe=probe(cifar_root))
    hook = started(runner, linear=True)
    assert hook.names(runner) == ['knn_top1', 'linear_top1']
    found = hook.scores(runner)
    assert found['knn_top1'] == score(started(runner), runner)
    pairs = []
    for split in (hook._bank, hook._queries):
        infos = [*map(split.dataset.get_data_info, range(len(split)))]
        pairs.append((features_of(runner.model, infos),
                      torch.tensor([int(i['gt_label']) for i in infos])))
    (bank, labels), (queries, truth) = pairs
    ridge = Ridge(bank).fit(F.one_hot(labels, 10))
    hits = sum(int(ridge(query[None]).argmax()) == label
               for query, label in zip(queries, truth.tolist()))
    assert 15 < 100 * hits / len(truth) < 100
    assert found['linear_top1'] == pytest.approx(100 * hits / len(truth))


@torch.no_grad()
def features_of(model, infos):
    """(n, 8), image by image, in eval mode."""
    mean, std = (torch.tensor(STATS[s])[:, None, None] for s in STATS)
    model.eval()
    rows = [model.extract_feat((
        (torch.from_numpy(np.array(info['img'])).permute(2, 0, 1) - mean)
        / std)[None])[-1].mean((2, 3))[0] for info in infos]
    model.train()
    return torch.stack(rows)


def test_score_of_files_and_a_part_of_the_bank(tmp_path):
    """BGR files of mixed sizes; every third image of the bank votes."""
    root = class_folders(tmp_path)
    load = dict(type='CustomDataset', data_root=str(root),
                pipeline=[dict(type='LoadImageFromFile')])
    runner = fake_runner(to_rgb=True)
    hook = started(
        runner, k=3, image_size=20, limit=8,
        bank=dict(load, data_prefix='train'),
        queries=dict(load, data_prefix='val'))

    def images(split, step):
        files = sorted((root / split).rglob('*.jpg'))[::step]
        return [(Image.open(f).resize((20, 20)), int(f.parent.name[-1]))
                for f in files]

    expected = naive_score(runner.model, images('train', 3), images('val', 1),
                           3)
    assert len(hook._bank) == 8
    assert score(hook, runner) == pytest.approx(expected)


@pytest.mark.parametrize('workers', [0, 1])
def test_nothing_is_disturbed(cifar_root, workers):
    runner = fake_runner(probe=probe(cifar_root), workers=workers)
    runner.model.noise = 1e-6  # more is refused
    hook = started(runner)

    def everything():
        modes = [m.training for m in runner.model.modules()]
        needs = [p.requires_grad for p in runner.model.parameters()]
        state = {k: v.tolist() for k, v in runner.model.state_dict().items()}
        return (random.getstate(), np.random.get_state()[1].tolist(),
                torch.get_rng_state().tolist(), modes, needs, state)

    before = everything()
    assert score(hook, runner) == score(hook, runner)  # noise of its own
    assert everything() == before
    assert True in before[3] and False in before[3] and all(before[4])


@pytest.mark.parametrize('size', [2, 3])
def test_ranks_share_the_work(cifar_root, tmp_path, size):
    """Two batches of queries on three ranks leave one without any."""
    runner = fake_runner(probe=probe(cifar_root))
    expected = started(runner, k=20, linear=True).scores(runner)

    def work(rank):
        runner = fake_runner(probe=probe(cifar_root))
        runner.model = CPUDistributedDataParallel(runner.model)
        found = started(runner, k=20, linear=True).scores(runner)
        (tmp_path / f'{rank}.json').write_text(json.dumps(found))

    codes, said = run_ranks(work, size, tmp_path)
    assert codes == [0] * size, said
    for rank in range(size):
        found = json.loads((tmp_path / f'{rank}.json').read_text())
        assert found == expected


@pytest.mark.parametrize('interval, scored', [(1, [0, 1, 2, 3, 4, 5]),
                                              (2, [0, 2, 4, 5])])
def test_intervals(cifar_root, interval, scored):
    runner = fake_runner(probe=dict(train=cifar(cifar_root, 0, 10),
                                    test=cifar(cifar_root, 10, 12)))
    hook = started(runner, interval=interval)
    for runner.epoch in range(5):
        runner.iter += 1
        hook.after_train_epoch(runner)
        hook.after_train_iter(runner, 0)
    assert [step for step, _ in runner.scalars] == scored
    assert len(runner.said) == len(scored)


def test_iterations_between_scores(monkeypatch):
    """Their steps, and their seconds, which are none of a step's."""
    ended = []

    def scores(*_) -> dict:
        time.sleep(0.01)
        ended.append(time.time())
        return dict(knn_top1=10.)

    monkeypatch.setattr(OnlineKNNHook, 'scores', scores)
    monkeypatch.setattr('mmrela.engine.scores.online_knn.LabelledImages',
                        lambda *_: None)
    runner = fake_runner()
    timer, hook = IterTimerHook(), started(runner, interval=2, by_epoch=False)
    runner.hooks = [hook, timer]
    for runner.iter in range(5):
        timer.t = 0
        hook.after_train_iter(runner, runner.iter, {}, outputs={})
        assert runner.iter in (0, 2) or timer.t >= ended[-1]
        hook.after_train_epoch(runner)
    assert runner.scalars == [(step, 10) for step in (0, 2, 4, 5)]


def test_a_resumed_run_has_its_first_score_already(cifar_root):
    runner = fake_runner(probe=probe(cifar_root))
    runner.iter = 7
    started(runner)
    assert runner.scalars == []


@pytest.mark.parametrize('case, word', [
    ('none', 'probe.train'), ('missing', 'data_root'), ('flat', 'no labels')])
def test_images_without_labels_are_refused(tmp_path, case, word):
    cfg = {}
    if case == 'missing':
        cfg = dict(train=dict(type='CustomDataset', data_root='/nowhere'))
    elif case == 'flat':
        cfg = dict(train=dict(type='CustomDataset', with_label=False,
                              data_root=str(flat_folder(tmp_path))))
    with pytest.raises(UserError, match=word):
        started(fake_runner(probe=cfg))


@pytest.mark.parametrize('options, steps, saved', [
    ({}, [0, 8, 16], dict(
        default_hooks__checkpoint__save_best=['knn_top1', 'rankme'],
        default_hooks__checkpoint__rule='greater')),
    (dict(by_epoch=False, interval=3), [0, 3, 6, 9, 12, 15, 16], {})])
def test_training_is_the_same_to_the_bit(cifar_root, tmp_path, options,
                                         steps, saved):
    def train(name, **options):
        cfg = small_config(
            'BYOL', cifar_root, tmp_path / name, train_cfg__max_epochs=2,
            probe=probe(cifar_root),
            **options, **hand_over_after(6, 16))
        del cfg.default_hooks.determinism  # it would mend disturbances
        runner = Runner.from_cfg(cfg)
        runner.train()
        return runner.model.state_dict()

    plain = train('plain')
    scored = train(
        'scored', default_hooks__knn=dict(type='OnlineKNNHook', **options),
        default_hooks__rank=dict(
            type='OnlineRankHook', limit=16, **options),
        **saved)
    for name, value in plain.items():
        assert torch.equal(value, scored[name]), name
    file, = (tmp_path / 'scored').glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in file.open()]
    for name, most in dict(knn_top1=100, rankme=16, alignment=100).items():
        found = {row['step']: row[name] for row in rows if name in row}
        assert list(found) == steps
        assert max(found.values()) <= most
    best = {f.name.split('_epoch')[0]
            for f in (tmp_path / 'scored').glob('best_*.pth')}
    assert best == ({'best_knn_top1', 'best_rankme'} if saved else set())
