"""One switch puts RELA around any self-supervised config."""
from __future__ import annotations

from pathlib import Path

import pytest
import upstream
from mmengine.config import Config
from mmengine.dataset import InfiniteSampler
from mmengine.registry import init_default_scope
from mmpretrain.models.selfsup import SimSiam
from mmpretrain.registry import DATASETS, MODELS

from mmrela import RelaTargetDataset, accelerate
from mmrela.engine.accelerate import trains_rela
from mmrela.errors import UserError

CONFIGS = Path(__file__).parents[2] / 'configs'
TARGETS = 'data/targets/in1k'
HELPERS = {'rela_head', 'rela_hooks', 'rela_pipeline', 'rela_sampler',
           'rela_collate'}  # entries that leaves inherit for their own lines
LEAVES = sorted(CONFIGS.glob('*_r50_in1k.py'))
# The README's lines, with the side of the weak views.
LEAF = """
_base_ = ['{base}', '{rela}']
_base_.rela_pipeline[0]['transforms'][0][0]['scale'] = {side}
model = dict(type='Rela', host=_base_.model.type, rela_head=_base_.rela_head)
train_dataloader = dict(
    sampler=_base_.rela_sampler, collate_fn=_base_.rela_collate,
    dataset=dict(type='RelaTargetDataset', targets='data/targets/in1k',
                 host=_base_.train_dataloader.dataset.type,
                 rela_pipeline=_base_.rela_pipeline))
default_hooks = _base_.rela_hooks
find_unused_parameters = True
"""
PIPELINE = [dict(type='LoadImageFromFile'),
            dict(type='RandomResizedCrop', scale=64), dict(type='PackInputs')]


def plain(file: Path | Config) -> dict:
    """What a config says, without mmengine's marks and leaves' helpers."""
    def clean(value):
        if isinstance(value, dict):
            return {key: clean(part) for key, part in value.items()
                    if key not in ('_scope_', '_delete_')}
        if isinstance(value, (list, tuple)):
            return [clean(part) for part in value]
        return value

    cfg = file if isinstance(file, Config) else Config.fromfile(file)
    return {key: clean(value) for key, value in cfg.to_dict().items()
            if key not in HELPERS}


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture
def plain_config():
    """A new config of SimSiam around a data set; ``None`` for none."""
    def make(dataset: dict | None = None, **entries) -> Config:
        loader = dict() if dataset is None else dict(
            train_dataloader=dict(dataset=dataset))
        return Config({**dict(model=dict(type='SimSiam')), **loader,
                       **entries})

    return make


def side(cfg: Config) -> int:
    steps = cfg.train_dataloader.dataset.rela_pipeline[0]['transforms'][0]
    return steps[0]['scale']


def test_all_of_mmpretrain_are_what_a_leaf_makes_of_them(tmp_path):
    files, leaf = upstream.configs(), tmp_path / 'leaf.py'
    assert len(files) == 58
    for file in files:
        before = Config.fromfile(file)
        untouched = before.to_dict()
        cfg = accelerate(before, TARGETS)
        assert before.to_dict() == untouched and trains_rela(cfg)
        assert side(cfg) == (192 if 'simmim' in file.name else 224)
        leaf.write_text(LEAF.format(
            base=file, rela=CONFIGS / '_base_/rela.py', side=side(cfg)))
        assert plain(cfg) == plain(leaf), file


@pytest.mark.parametrize('leaf', LEAVES, ids=[leaf.stem for leaf in LEAVES])
def test_leaves_are_what_it_makes_of_their_bases(leaf):
    base = leaf.read_text().split('mmpretrain::')[1].split("'")[0]
    cfg = accelerate(Config.fromfile(upstream.ROOT / base), TARGETS,
                     views=2 if 'swav' in leaf.name else 1)
    made, written = plain(cfg), plain(leaf)
    for entries in made, written:  # of so many GPUs, the leaf's own choice
        entries.pop('auto_scale_lr', None)
        entries.pop('probe', None)
    assert made == written


def test_there_are_leaves():
    assert len(LEAVES) == 8


def test_classes_as_types(tmp_path, image_folder):
    file = tmp_path / 'new.py'
    file.write_text(upstream.NEW_STYLE.replace('{root}', str(image_folder)))
    cfg = accelerate(Config.fromfile(file), 'nowhere', views=2,
                     out_channels=3)
    assert side(cfg) == 96 and cfg.default_scope == 'mmpretrain'
    assert cfg.model.host is SimSiam
    written = tmp_path / 'written.py'
    cfg.dump(written)
    for each in cfg, Config.fromfile(written):
        dataset = DATASETS.build(each.train_dataloader.dataset)
        assert type(dataset) is RelaTargetDataset and len(dataset) == 18
        views = dataset.rela_pipeline.transforms[0]
        assert views.num_views == [2]
        model = MODELS.build(each.model)
        assert isinstance(model, SimSiam)
        assert model.rela_head.fc.out_features == 3


@pytest.mark.parametrize('wrapper', [
    lambda part: dict(type='ConcatDataset', datasets=[part, part]),
    lambda part: dict(type='RepeatDataset', dataset=part, times=2),
    lambda part: dict(type='KFoldDataset', dataset=part, num_splits=2,
                      seed=3)])
def test_data_sets_around_others(wrapper, plain_config, image_folder):
    part = dict(type='ImageNet', data_root=str(image_folder), split='train',
                pipeline=PIPELINE)
    plain = wrapper(part)
    cfg = accelerate(plain_config(plain), 'nowhere')
    assert side(cfg) == 64
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    assert type(dataset.dataset).__name__ == plain['type']
    ids = [*dataset.sample_ids()]
    assert len(dataset) == len(ids) == (9 if 'num_splits' in plain else 36)
    for index, name in enumerate(ids):  # as the wrapper itself has it
        found = dataset.dataset.get_data_info(index)['img_path']
        assert found.endswith(name)


@pytest.mark.parametrize('pipeline, expected', [
    ([dict(type='CenterCrop', crop_size=(48, 32))], 48),
    ([dict(type='MultiView', transforms=[
        [dict(type='RandomResizedCropAndInterpolationWithTwoPic', size=80)],
        [dict(type='RandomResizedCrop', scale=16)]])], 80),
    ([dict(type='Resize', scale=60), dict(type='RandomCrop', crop_size=44)],
     44),
    ([dict(type='torchvision/Resize', size=60),
      dict(type='Albumentations', transforms=[
          dict(type='RandomCrop', height=44, width=44)])], 44),
    ([dict(type='Resize', scale=32)], 32),
    ([dict(type='RandomFlip')], 224)])
def test_weak_views_are_as_large_as_the_first_crop(
        plain_config, pipeline, expected):
    assert side(accelerate(plain_config(
        dict(type='ImageNet', pipeline=pipeline)), 'nowhere')) == expected


def test_entries_of_the_config_stay(plain_config):
    cfg = accelerate(plain_config(
        dict(type='ImageNet', pipeline=PIPELINE), default_scope='mine',
        custom_imports=dict(imports=['os.path']),
        default_hooks=dict(logger=dict(type='LoggerHook', interval=3))), '')
    assert cfg.default_scope == 'mine'
    assert cfg.custom_imports.imports == ['os.path', 'mmrela.registry']
    # What mmengine takes as well.
    for given, kept in (('os.path', ['os.path']), (None, [])):
        other = accelerate(plain_config(
            dict(type='ImageNet', pipeline=PIPELINE),
            custom_imports=given and dict(imports=given),
            default_hooks=None), TARGETS)
        assert 'rela' in other.default_hooks
        assert other.custom_imports.imports == [*kept, 'mmrela.registry']
    assert cfg.default_hooks.logger.interval == 3


@pytest.mark.parametrize('given, expected', [
    (None, {}), (dict(type='DefaultSampler'), {}),
    (dict(type=InfiniteSampler, shuffle=True), {}),
    (dict(type='BudgetSampler', ratio=0.5), dict(ratio=0.5)),
    *((foreign, dict(order=foreign)) for foreign in (
        dict(type='RepeatAugSampler', num_repeats=2),
        dict(type='DefaultSampler', shuffle=False)))])
def test_the_order_of_other_samplers_stays(plain_config, given, expected):
    cfg = plain_config(dict(type='ImageNet', pipeline=PIPELINE))
    cfg.train_dataloader.sampler = given
    sampler = accelerate(cfg, 'nowhere').train_dataloader.sampler
    assert sampler == dict(type='RelaSampler', **expected)


@pytest.mark.parametrize('entries, reason', [
    (dict(model=dict(type='Rela', host='BYOL')), 'trains RELA already'),
    (dict(model=dict(type='ResNet')), "type='ResNet' is no"),
    (dict(model=dict(type='Nonsense')), "type='Nonsense' is no registered"),
    (dict(model=None), 'type=None is no'),
    (dict(), 'has no train_dataloader.dataset'),
    (dict(dataset=dict(pipeline=PIPELINE)), 'has no train_dataloader.dataset'),
    (dict(dataset=dict(type='torchvision.datasets.FakeData',
                       pipeline=PIPELINE)), 'type=FakeData is no data set'),
    (dict(dataset=dict(type='CIFAR10')), 'has a pipeline'),
    (dict(dataset=dict(type='RepeatDataset', dataset=dict(type='CIFAR10'))),
     'has a pipeline')])
def test_what_is_refused(plain_config, entries, reason):
    with pytest.raises(UserError, match=f'the config.*{reason}'):
        accelerate(plain_config(**entries), 'nowhere')


def test_a_file_is_no_config():
    with pytest.raises(UserError, match=r'not a str: read .*fromfile'):
        accelerate('my.py', 'nowhere')
