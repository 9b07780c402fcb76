"""Views of whole batches by the pipelines of the configs."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpretrain.registry import TRANSFORMS
from scipy.stats import ks_2samp

import mmrela  # noqa: F401
from mmrela.batched import BatchedViews
from mmrela.errors import UserError
from mmrela.pictures.hue import mended_hue
from mmrela.rng import seeded

VIEWS = Path(__file__).parents[2] / 'configs' / '_base_' / 'views'
SEEDS = np.random.default_rng(0).integers(2**31, size=24).astype(np.uint64)
pytestmark = pytest.mark.filterwarnings('ignore')  # adjust_color warns


@pytest.fixture(scope='module', autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture(scope='module')
def images():
    rng = np.random.default_rng(1)
    return torch.from_numpy(rng.integers(0, 256, (24, 3, 16, 12), np.uint8))


def byol():
    pipeline = Config.fromfile(VIEWS / 'asymmetric.py').strong_pipeline
    return [TRANSFORMS.build(t) for t in pipeline]


def on_cpu(pipeline, images):
    with mended_hue():
        samples = [Compose(pipeline)(dict(img=image.permute(1, 2, 0).numpy()))
                   for image in images]
    return [torch.stack(view) for view in zip(*(s['inputs']
                                                for s in samples))]


def test_everything_happens_where_the_images_are():
    """A ``meta`` tensor refuses to meet one on the CPU, as CUDA's do."""
    blur = TRANSFORMS.build(
        dict(type='GaussianBlur', magnitude_range=(0.1, 2.0),
             magnitude_std='inf', prob=0.5))
    pipeline = byol()
    pipeline[0].transforms[0].transforms.append(blur)
    images = torch.zeros(24, 3, 16, 12, dtype=torch.uint8, device='meta')
    for view in BatchedViews(pipeline, '')(images, SEEDS):
        assert view.device.type == 'meta' and view.shape == images.shape


def test_views_do_not_depend_on_the_batch(images):
    views = BatchedViews(byol(), '')
    together = views(images, SEEDS)
    torch.manual_seed(1), np.random.seed(1)
    order = np.random.default_rng(2).permutation(24)
    for part in (order[:1], order[1:6], order):
        for whole, some in zip(together, views(images[part], SEEDS[part])):
            assert torch.equal(whole[part], some)


def test_views_of_a_sample_differ(images):
    first, second = BatchedViews(byol(), '')(images, SEEDS)
    assert not any(torch.equal(*pair) for pair in zip(first, second))
    other = BatchedViews(byol(), '')(images, SEEDS + np.uint64(1))[0]
    assert not any(torch.equal(*pair) for pair in zip(first, other))


def test_byols_views_are_distributed_like_the_cpus(images):
    """Means, spreads and greyness of 400 views of one image."""
    same = images[:1].expand(400, -1, -1, -1)
    keys = np.arange(400, dtype=np.uint64)
    with seeded(0):
        theirs = on_cpu(byol(), same)
    pairs = zip(BatchedViews(byol(), '')(same, keys), theirs)
    for ours, theirs in pairs:
        for measure in (lambda v: v.mean((1, 2, 3)),
                        lambda v: v.std((1, 2, 3)),
                        lambda v: v.std(1).mean((1, 2)),
                        lambda v: v.mean((2, 3))[:, 0]):
            assert ks_2samp(measure(ours.float()),
                            measure(theirs.float())).pvalue > 0.01


def test_refuses_pipelines_without_views():
    with pytest.raises(UserError, match='^key: .*not by RandomFlip, Pack'):
        BatchedViews([
            TRANSFORMS.build(dict(type='RandomFlip', prob=0.5)),
            TRANSFORMS.build(dict(type='PackInputs'))], 'key')
    with pytest.raises(UserError, match='not by nothing'):
        BatchedViews([], 'key')
