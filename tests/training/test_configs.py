"""Every config takes a step of each stage on data of its own layout."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import layouts
import pytest
from mmengine.config import Config

from _lib.config import load_config

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs'
LEAVES = sorted(
    p.relative_to(CONFIGS).as_posix() for p in CONFIGS.rglob('*.py')
    if p.relative_to(CONFIGS).parts[0] not in ('_base_', 'experiments'))


def named(*parts: str) -> list[str]:
    """Leaves whose names hold one of some parts."""
    return [leaf for leaf in LEAVES if any(part in leaf for part in parts)]


CIFAR10, TINY = named('cifar10.py', 'cifar10_'), named('tinyimagenet')
STUDENTS = named('mobilenetv2', 'efficientnetb0', 'vittiny')
LINEAR, FINETUNE = named('linear/'), named('finetune/')
IN1K = sorted({*named('in1k')} - {*LINEAR})
# Name -> leaves that run in one process, builder of their data, image side.
GROUPS = dict(
    cifar10=(sorted({*CIFAR10} - {*STUDENTS}), None, 32),
    cifar100=(named('cifar100'), layouts.cifar100, 32),
    fashion=(named('fashionmnist'), layouts.fashion_mnist, 28),
    students=(sorted({*CIFAR10} & {*STUDENTS}), None, 32),
    tiny=(TINY, layouts.tiny_imagenet, 64),
    folder=(named('_folder.py'), layouts.flat_folder, 224),
    imagefolder=(named('imagefolder'), layouts.class_folders, 224),
    in1k=(IN1K, layouts.imagenet, 224),
    linear=(LINEAR, layouts.imagenet, 224))
SLOW = {'cifar100', 'fashion', 'students', 'imagefolder', 'tiny', 'in1k',
        'linear'}
# Weak views, and the side of six small views beside the host's two.
LOCAL_CROPS = {'swav_rela_r50_in1k.py': (2, 96),
               'dino_rela_r18_cifar10_multicrop.py': (1, 16)}

# One view, with a label.
LABELLED = named('resnet18_rela', 'resnet50_rela')
# Side of the one view of a host that hides a part of it.
MASKED = {'mae_rela_vitb_in1k.py': 224, 'simmim_rela_swinb_in1k.py': 192}


def test_configs_load_and_leaves_are_short_and_complete():
    files = sorted(CONFIGS.rglob('*.py'))
    assert len(files) > len(LEAVES) + 6
    for file in files:
        cfg = Config.fromfile(file)
        assert len(cfg) > 0, file
        if file.parent == CONFIGS:
            assert len(file.read_text().splitlines()) <= 10, file
            assert is_complete(cfg), file


def is_complete(cfg: Config) -> bool:
    """Whether a leaf has all of RELA's parts."""
    loader = cfg.train_dataloader
    return (cfg.model.type == 'Rela' and bool(cfg.model.host)
            and loader.dataset.type in ('RelaTargetDataset',
                                        'DeviceRelaTargetDataset')
            and loader.sampler.type == 'RelaSampler'
            and cfg.default_hooks.rela.type == 'AdaptiveLambdaHook'
            and cfg.find_unused_parameters is True)


def test_every_leaf_is_in_one_group():
    grouped = [leaf for leaves, _, _ in GROUPS.values() for leaf in leaves]
    assert sorted(grouped) == LEAVES
    assert len(LEAVES) == 52


def run(leaves: list[str], root: Path) -> dict[str, list[dict]]:
    """What each config saw in its two steps, run in a clean process."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parents[1] / 'step_each.py'),
         str(root), *(str(CONFIGS / leaf) for leaf in leaves)],
        capture_output=True, text=True, cwd=ROOT, timeout=3000,
        env=dict(os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(ROOT)))
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line.partition(' ')[2] for line in done.stdout.splitlines()
             if line.startswith('STEPS ')]
    found = map(json.loads, lines)
    return {Path(f['config']).relative_to(CONFIGS).as_posix(): f['seen']
            for f in found}


@pytest.mark.timeout(3000)
@pytest.mark.parametrize('group', [
    pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name in GROUPS])
def test_a_step_of_each_stage(group, cifar_root, tmp_path):
    leaves, build, side = GROUPS[group]
    if build is None:
        os.symlink(cifar_root / 'cifar-10-batches-bin',
                   tmp_path / 'cifar-10-batches-bin')
    else:
        build(tmp_path)
    seen = run(leaves, tmp_path)
    assert sorted(seen) == leaves
    for leaf, steps in seen.items():
        assert all(step['finite'] for step in steps), leaf
        check_views(leaf, steps, side)


def check_views(leaf: str, steps: list[dict], side: int) -> None:
    """One or two weak views first, then what the recipe asks for."""
    full = [[side, side]]
    if leaf in LINEAR + FINETUNE:
        assert [s['rela'] for s in steps] == [False, False], leaf
        return
    assert [s['rela'] for s in steps] == [True, False], leaf
    if leaf in MASKED:
        assert all(s['sides'] == [2 * [MASKED[leaf]]] for s in steps), leaf
        return
    if leaf in LABELLED:
        assert all(s['sides'] == full for s in steps), leaf
        return
    weak, local = LOCAL_CROPS.get(leaf, (1, None))
    assert steps[0]['sides'] == weak * full, leaf
    crops = 6 * [[local, local]] if local else []
    assert steps[1]['sides'] == 2 * full + crops, leaf


def test_each_leaf_has_a_row_in_the_readme():
    lines = (CONFIGS / 'README.md').read_text().splitlines()
    rows = [line.split('`')[1] for line in lines if line.startswith('| `')]
    assert sorted(rows) == LEAVES


def test_the_readme_shows_a_config_as_it_is():
    readme = (CONFIGS.parent / 'tools/README.md').read_text()
    assert (CONFIGS / 'mocov2_rela_r50_in1k.py').read_text() in readme


def test_a_config_without_loader_entries_may_inherit(tmp_path):
    """There is nothing that `_delete_` could delete."""
    own = tmp_path / 'own.py'
    own.write_text("train_dataloader = dict(dataset=dict(type='ImageNet'))")
    leaf = tmp_path / 'leaf.py'
    leaf.write_text(f"""
_base_ = ['own.py', '{CONFIGS / '_base_/rela.py'}']
train_dataloader = dict(
    sampler=_base_.rela_sampler, collate_fn=_base_.rela_collate)
""")
    cfg = load_config(SimpleNamespace(config=str(leaf), cfg_options=None))
    assert cfg.train_dataloader.sampler == dict(type='RelaSampler')
    assert cfg.train_dataloader.collate_fn == dict(type='default_collate')
