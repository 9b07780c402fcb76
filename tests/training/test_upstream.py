"""mmpretrain's own configs take a step of each stage, or are refused."""
from __future__ import annotations

import math
from pathlib import Path

import layouts
import pytest
import upstream
from hosts import DIM, hand_over_after, write_random_targets
from mmengine.config import Config
from mmengine.registry import init_default_scope
from recorder import train

from mmrela import accelerate
from mmrela.errors import UserError

FEW = {
    'model.rela_head.out_channels': DIM,
    'train_dataloader.batch_size': 4,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': 8,
    'train_cfg.max_epochs': 1,
    'default_hooks.checkpoint.interval': 2,
    'default_hooks.checkpoint.save_last': False,
    'log_level': 'ERROR',
    'resume': False,
    **{key.replace('__', '.'): value
       for key, value in hand_over_after(1, 2).items()}
}
# Part of the file's name -> what the sentence says of its features.
REFUSED = {
    'beit': 'TwoNormDataPreprocessor', 'cae_': 'TwoNormDataPreprocessor',
    'itpn-clip': 'TwoNormDataPreprocessor', 'mff_': 'torch.int64',
    'spark_': 'extract_feat failed'}


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


@pytest.mark.slow
@pytest.mark.parametrize('method', upstream.METHODS.split())
def test_a_step_of_each_stage_or_a_sentence(method, tmp_path):
    files = [file for file in upstream.configs()
             if file.parent.name == method]
    assert files
    layouts.imagenet(tmp_path)
    for file in files:
        cfg = small_run(file, tmp_path)
        reason = [reason for part, reason in REFUSED.items()
                  if file.name.startswith(part)]
        if reason:
            with pytest.raises(UserError, match=f'model.host.*{reason[0]}'):
                train(cfg)
            continue
        _, seen = train(cfg)
        assert seen.stages == ['rela', 'host'], file
        assert all(math.isfinite(step['loss']) for step in seen.losses), file
