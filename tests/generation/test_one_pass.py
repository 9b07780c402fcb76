"""Stores of several priors made together, against each made alone."""
from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from forked import run_ranks
from test_generate import CFG, cifar
from torch import nn
from torchvision.transforms.functional import pil_to_tensor

from mmrela.errors import UserError
from mmrela.features.images import PriorImages
from mmrela.generation.generate import generate, generate_each
from mmrela.pictures import rgb
from mmrela.priors import Prior, build_prior, join
from mmrela.targets import TargetStoreError

SAMPLES, BLOCK, K = 140, 16, 3  # 9 blocks, the last one of 12
NAMES = 'a', 'b', 'c'


class Wave(nn.Module):
    """3 · side² features."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(side)

    def forward(self, x):
        return self.pool(x).flatten(1).sin()


def wave(side: int, bad: object = None) -> Prior:
    """It cannot see one image."""
    def see(image):
        if image == bad:
            raise OSError('no such image')
        return pil_to_tensor(image.resize((8 * side, 8 * side))) / 40

    return Prior(f'wave{side}', Wave(side), see, f'{8 * side} pixels')


def looks(dataset, skip: bool = True) -> list[PriorImages]:
    """As three priors see them: one whitens, two are joined."""
    bad = rgb.Sample(dataset, 20).image
    return [PriorImages(dataset, prior, skip=skip) for prior in (
        wave(2, bad if skip else None), build_prior('random:3', cfg=CFG),
        join([wave(1), wave(3)]))]


@pytest.fixture(scope='module')
def images(cifar_root):
    data = cifar(cifar_root, SAMPLES)
    data.full_init()
    return data


@pytest.fixture(scope='module')
def alone(images, tmp_path_factory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp('alone')
    for name, part in zip(NAMES, looks(images)):
        generate(part, root / name, K, block=BLOCK)
    return content(root)


@pytest.fixture
def loads(monkeypatch) -> Counter:
    """How often each image was loaded."""
    counts, load = Counter(), rgb.load_sample
    monkeypatch.setattr(rgb, 'load_sample', lambda data, index: (
        counts.update([index]), load(data, index))[1])
    return counts


def content(root: Path) -> dict[str, object]:
    """All files but journals and the locks that a killed process leaves;
    manifests without what the clock said."""
    found = {str(f.relative_to(root)): f.read_bytes()
             for f in root.rglob('*.*') if f.is_file() and f.name != '.lock'}
    for name, text in found.items():
        if name.endswith('meta.json'):
            found[name] = {key: value for key, value in json.loads(
                text).items() if not key.endswith('_seconds')}
    return found


def together(parts: list[PriorImages], root: Path) -> None:
    generate_each(parts, [root / name for name in NAMES], K, block=BLOCK)


def test_each_as_alone_and_each_image_once(images, tmp_path, alone, loads):
    parts = looks(images)
    loads.clear()
    together(parts, tmp_path)
    assert loads == dict.fromkeys(range(SAMPLES), 1)
    assert content(tmp_path) == alone
    assert len(alone) == 3 * (3 + 9 + 1)
    assert [alone[f'{name}/meta.json']['skipped'] == [] for name in NAMES
            ] == [False, True, True]
    together(parts, tmp_path)
    assert sum(loads.values()) == SAMPLES


def test_only_what_is_missing_is_computed(images, tmp_path, alone, loads):
    """One is made alone before; of the others, blocks and ends are gone."""
    parts = looks(images)
    generate(parts[0], tmp_path / 'a', K, block=BLOCK)
    together(parts, tmp_path)
    for name in ('b/meta.json', 'c/meta.json', 'b/features/00002.npy',
                 'b/features/00008.npy', 'c/features/00008.npy'):
        (tmp_path / name).unlink()
    loads.clear()
    parts = looks(images)
    parts[2].prior.model.widths = 3, 27  # else it looks at an image again
    loads.clear()
    together(parts, tmp_path)
    assert loads == dict.fromkeys([*range(32, 48), *range(128, 140)], 1)
    assert content(tmp_path) == alone


@pytest.mark.parametrize('kill_after', [None, 0.3])
def test_ranks(images, tmp_path, alone, kill_after):
    def work(rank):
        together(looks(images), tmp_path / 'out')

    if kill_after:
        run_ranks(work, 2, tmp_path, kill_after=kill_after)
    codes, said = run_ranks(work, 2, tmp_path)
    assert codes == [0, 0], said
    assert content(tmp_path / 'out') == alone


def test_refused_before_any_is_begun(images, tmp_path, loads):
    parts = looks(images, skip=False)[:2]
    generate(parts[1], tmp_path / 'b', K + 1, block=BLOCK)
    loads.clear()
    outs = [tmp_path / 'a', tmp_path / 'b']
    with pytest.raises(TargetStoreError, match='b already holds .* dim'):
        generate_each(parts, outs, K, block=BLOCK)
    for places in (dict(directories=[outs[0], tmp_path / 'b/../a']),
                   dict(directories=outs, features=outs[:1] * 2)):
        with pytest.raises(UserError, match='needs one of its own'):
            generate_each(parts, dim=K, **places)
    with pytest.raises(UserError, match='--out and --features are both'):
        generate(parts[0], outs[0], K, features=tmp_path / 'b/../a')
    assert not loads and not (outs[0] / 'targets.npy').exists()


def test_a_prior_that_fails_is_named(images, tmp_path):
    parts = looks(images, skip=False)
    parts[0].prior.model.register_forward_hook(
        lambda _, __, features: features / 0)
    with pytest.raises(UserError, match='wave2 gives NaN or infinite'):
        together(parts, tmp_path)
    with pytest.raises(UserError, match='4 components .* 3 features'):
        generate_each([PriorImages(images, wave(side)) for side in (2, 1)],
                      [tmp_path / 'd', tmp_path / 'e'], 4)
