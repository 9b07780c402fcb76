"""mmpretrain's own configs, through both stages to a linear probe."""
from __future__ import annotations

import math
from pathlib import Path

import layouts
import pytest
import upstream
from hosts import CONFIGS, DIM, hand_over_after, write_random_targets
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.models import selfsup
from recorder import train

from mmrela import accelerate
from mmrela.engine.hooks import AdaptiveLambdaHook
from mmrela.engine.weak_views import side_of
from mmrela.errors import UserError
from mmrela.evaluation.probe import probe
from mmrela.priors import load_student

FEW = {
    'model.rela_head.out_channels': DIM,
    'train_dataloader.batch_size': 4,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': 8,
    'train_cfg.max_epochs': 1,
    'default_hooks.checkpoint.interval': 1,
    'log_level': 'ERROR',
    'resume': False,
    **{key.replace('__', '.'): value
       for key, value in hand_over_after(1, 2).items()}
}
def small_run(file: Path, root: Path) -> Config:
    """A config with RELA, a small model, two steps and random targets."""
    init_default_scope('mmpretrain')
    cfg = accelerate(Config.fromfile(file), str(root / 'targets'))
    upstream.small(cfg)
    cfg.optim_wrapper.type = 'OptimWrapper'  # mixed precision is for GPUs
    cfg.optim_wrapper.pop('loss_scale', None)
    cfg.merge_from_dict({
        **FEW, 'train_dataloader.dataset.data_root': str(root),
        'work_dir': str(root / 'work'), 'experiment_name': file.stem})
    if not (root / 'targets').exists():
        write_random_targets(cfg)
    return cfg


def labelled(root: Path, split: str) -> dict:
    return dict(type='ImageNet', data_root=str(root), split=split,
                pipeline=[dict(type='LoadImageFromFile'),
                          dict(type='PackInputs')])


def linear_probe(cfg: Config, root: Path) -> float:
    """Top-1 of the backbone that the training has left, in per cent."""
    cfg.probe = dict(train=labelled(root, 'train'),
                     test=labelled(root, 'val'))
    student = load_student(str(Path(cfg.work_dir) / 'epoch_1.pth'), side_of(
        cfg.train_dataloader.dataset), cfg)
    return probe(cfg, student, epochs=2, seed=0)['linear_top1']


def name(file: Path) -> tuple[str, str, str]:
    """Beginning of a config's row in the table of configs/README.md."""
    model = Config.fromfile(file).model
    return file.name.split('_')[0], model.type, model.backbone.type


def outcome(file: Path, root: Path) -> list[str]:
    """What has come of a config: the rest of its row, each cell checked."""
    cfg = small_run(file, root)
    runner, seen = train(cfg)
    assert seen.stages == ['rela', 'host'], file
    losses = [step['loss'] for step in seen.losses]
    assert all(map(math.isfinite, losses)), file
    top1 = linear_probe(cfg, root)
    assert 0 <= top1 <= 100, file
    return [f'{losses[0]:.2f}',
            f'after step {AdaptiveLambdaHook.of(runner).switch_step}',
            f'{losses[1]:.2f}', f'{top1:.0f}']


def table() -> dict[tuple[str, ...], list[str]]:
    """Rows of configs/README.md's table of hosts, by their beginnings."""
    text = (CONFIGS / 'README.md').read_text('utf-8')
    lines = text.split('## Hosts')[1].split('\n\n')[2].splitlines()[2:]
    rows = [[cell.strip() for cell in line[1:-1].split('|')]
            for line in lines]
    return {tuple(row[:3]): row[3:] for row in rows}


def test_the_table_has_all_algorithms_of_mmpretrain():
    rows = table()
    found = {name(file) for file in upstream.configs()}
    assert {*rows} == {*found, ('', 'PixMIM', '')}
    classes = {kind.__name__ for kind in vars(selfsup).values()
               if isinstance(kind, type) and issubclass(
                   kind, selfsup.BaseSelfSupervisor)}
    assert classes - {'BaseSelfSupervisor'} == {host for _, host, _ in found}


def test_what_mmpretrain_does_not_have_is_refused(tmp_path):
    """PixMIM's row: neither a class nor a config is installed."""
    cfg = Config(dict(model=dict(type='PixMIM')))
    with pytest.raises(UserError, match="'PixMIM' is no registered"):
        accelerate(cfg, str(tmp_path))


@pytest.mark.parametrize('method', [
    pytest.param(method, marks=() if method == 'cae' else pytest.mark.slow)
    for method in upstream.METHODS.split()])
def test_through_both_stages_to_the_probe(method, tmp_path):
    files = [file for file in upstream.configs()
             if file.parent.name == method]
    assert files
    layouts.imagenet(tmp_path)
    for file in files:
        got, shown = outcome(file, tmp_path), table()[name(file)]
        assert got[1] == shown[1] == 'after step 1'
        assert len(got) == len([*map(float, shown[:1] + shown[2:])]) + 1
