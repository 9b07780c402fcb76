"""Training by iterations gives what training by epochs gives, to the bit."""
import json

import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.config import ConfigDict
from mmengine.runner import Runner
from recorder import train
from train_ranks import train_on_two_ranks

from mmrela.errors import UserError

RECIPE = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=3),
    dict(type='CosineAnnealingLR', by_epoch=False),
]


def config(cifar_root, work_dir, host='BYOL', workers=0, steps=24, **options):
    """8 batches an epoch; by epochs where ``steps`` is ``None``."""
    cfg = small_config(
        host, cifar_root, work_dir, train_cfg__max_epochs=3,
        train_dataloader__num_workers=workers,
        train_dataloader__persistent_workers=workers > 0,
        train_dataloader__prefetch_factor=2 if workers else None, **options)
    cfg.experiment_name = f'{work_dir.parent.name}-{work_dir.name}'
    cfg.param_scheduler = RECIPE
    if steps:
        cfg.train_cfg = ConfigDict(by_epoch=False, max_iters=steps)
        cfg.default_hooks.checkpoint.update(by_epoch=False, max_keep_ckpts=-1)
    return cfg


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


@pytest.mark.parametrize('workers, flip, counts', [
    (0, 0, 1), (0, 11, 1), (2, 7, 1), (1, 8, 1), (2, 2, 5), (1, 1, 3)])
def test_iterations_are_those_of_epochs(cifar_root, tmp_path, workers, flip,
                                        counts):
    """Hand-overs within and between epochs, steps that straddle them.

    The loop draws a number before the weights are, so both load the same.
    """
    runs, weights = [], tmp_path / 'weights.pth'
    cfg = config(cifar_root, tmp_path / 'first')
    torch.save(Runner.from_cfg(cfg).model.state_dict(), weights)
    for steps in (None, 24):
        cfg = config(cifar_root, tmp_path / f'work-{steps}', workers=workers,
                     steps=steps, optim_wrapper__accumulative_counts=counts,
                     **hand_over_after(flip, 24 // counts))
        cfg.default_hooks.checkpoint.interval = counts
        cfg.load_from = str(weights)
        runs.append(train(cfg))
    (one, epochs), (other, iterations) = runs
    assert iterations.stages == epochs.stages
    assert iterations.samples == epochs.samples
    assert iterations.losses == epochs.losses
    assert_same(one.model.state_dict(), other.model.state_dict())
    steps = [{*epochs.stages[i:i + counts]} for i in range(0, 24, counts)]
    assert all(len(stages) == 1 for stages in steps)


@pytest.fixture(scope='module', params=[0, 2])
def whole(cifar_root, tmp_path_factory, request):
    """λ falls after step 10; with workers, 4 more batches are RELA's.

    MoCo shuffles by random numbers of the main process.
    """
    cfg = config(cifar_root, tmp_path_factory.mktemp('whole') / 'work', 'MoCo',
                 request.param, **hand_over_after(10, 24))
    _, recorder = train(cfg)
    assert recorder.stages.count('rela') == 10 + 2 * request.param
    return cfg, recorder


@pytest.mark.parametrize('step', [3, 8, 12, 14, 21])
def test_resumes_anywhere(whole, cifar_root, tmp_path, step):
    cfg, trace = whole
    workers = cfg.train_dataloader.num_workers
    resumed = config(cifar_root, tmp_path / 'work', 'MoCo', workers,
                     **hand_over_after(10, 24))
    resumed.load_from = f'{cfg.work_dir}/iter_{step}.pth'
    resumed.resume = True
    _, tail = train(resumed)
    assert tail.stages == trace.stages[step:]
    assert tail.samples == trace.samples[step:]
    assert tail.losses == trace.losses[step:]
    ends = [torch.load(f'{c.work_dir}/iter_24.pth')['state_dict']
            for c in (cfg, resumed)]
    assert_same(*ends)


def test_resumes_within_a_step_that_straddles_epochs(cifar_root, tmp_path):
    """λ falls after step 5 of the first epoch; in flight are 6 to 8, and
    steps go to 5, 10, 15: batches 9 and 10 still are RELA's."""
    options = dict(workers=2, optim_wrapper__accumulative_counts=5,
                   default_hooks__checkpoint__interval=5, steps=20,
                   **hand_over_after(1, 4))
    cfg = config(cifar_root, tmp_path / 'whole', **options)
    _, trace = train(cfg)
    assert trace.stages == ['rela'] * 10 + ['host'] * 10
    resumed = config(cifar_root, tmp_path / 'resumed', **options)
    resumed.load_from, resumed.resume = f'{cfg.work_dir}/iter_5.pth', True
    _, tail = train(resumed)
    assert tail.stages == trace.stages[5:]
    assert tail.losses == trace.losses[5:]


def test_no_checkpoint_within_a_step(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path / 'work',
                 optim_wrapper__accumulative_counts=3)
    cfg.default_hooks.checkpoint.interval = 4
    with pytest.raises(UserError, match='multiple of .*accumulative_counts=3'):
        train(cfg)


def test_the_plain_host_needs_no_targets(cifar_root, tmp_path):
    """The workers have begun by then, and have asked for some."""
    cfg = config(cifar_root, tmp_path / 'work', workers=1, steps=4,
                 **hand_over_after(0, 4))
    cfg.train_dataloader.dataset.targets = str(tmp_path / 'nowhere')
    assert train(cfg)[1].stages == ['host'] * 4


def test_two_ranks_resume(cifar_root, tmp_path):
    folders = [tmp_path / name for name in ('whole', 'resumed')]
    for folder in folders:
        cfg = config(cifar_root, folder / 'work', steps=12, workers=1,
                     **hand_over_after(5, 12))
        if folder.name == 'resumed':
            cfg.load_from = str(tmp_path / 'whole/work/iter_6.pth')
            cfg.resume = True
        cfg.dump(str(folder / 'config.py'))
    train_on_two_ranks(folders, tmp_path)
    for rank in range(2):
        one, other = (json.loads((folder / f'rank{rank}.json').read_text())
                      for folder in folders)
        # 4 batches an epoch: of 2 in flight, the last of the 2nd is among.
        assert one['stages'] == ['rela'] * 7 + ['host'] * 5
        assert other['stages'] == one['stages'][6:]
        assert other['switch_step'] == one['switch_step'] == 5
        assert_same(*(torch.load(folder / f'rank{rank}.pth')
                      for folder in folders))
