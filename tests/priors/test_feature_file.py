"""Features made elsewhere reach the store by sample id alone."""
from __future__ import annotations

import numpy as np
import pytest

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.features.extract import extract
from mmrela.features.images import PriorImages
from mmrela.generation.generate import generate
from mmrela.generation.verify import verify_store
from mmrela.pca import BatchPCA
from mmrela.priors import build_prior

K, D = 4, 7


def cifar(root):
    return RelaTargetDataset('CIFAR10Binary', 'nowhere', [], pipeline=[],
                             data_root=str(root), indices=140)


def folder(root):
    return RelaTargetDataset(
        'ImageNet', 'nowhere', [], split='train', data_root=str(root),
        pipeline=[dict(type='LoadImageFromFile')])


@pytest.fixture(params=['arrays', 'files'], scope='module')
def dataset(request, cifar_root, image_folder):
    if request.param == 'arrays':
        return cifar(cifar_root)
    return folder(image_folder)


@pytest.fixture
def written(tmp_path):
    """Write features in an order of their own; returns those in ours."""

    def write(ids, dtype=np.float32, seed=0, more=()):
        rng = np.random.default_rng(seed)
        features = rng.normal(size=(len(ids), D)).astype(dtype)
        order = rng.permutation(len(ids))
        extra = rng.normal(size=(len(more), D)).astype(dtype)
        np.save(tmp_path / 'f.npy', np.concatenate([features[order], extra]))
        names = [ids[i] for i in order] + list(more)
        (tmp_path / 'f.ids.txt').write_text('\n'.join(names) + '\n')
        return features, f'file:{tmp_path}/f.npy'

    return write


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_rows_go_to_their_samples(dataset, written, tmp_path, dtype, workers):
    features, spec = written(list(dataset.sample_ids()), dtype)
    prior = build_prior(spec)
    images = PriorImages(dataset.dataset, prior, workers=workers)
    found = np.concatenate([f.numpy() for f, _ in extract(images, None)])
    np.testing.assert_array_equal(found, features.astype(np.float32))
    if dtype != np.float64:
        store = generate(images, tmp_path / 'out', K, dtype='float32')
        wanted = BatchPCA().update(found).fit(K).transform(found)
        np.testing.assert_allclose(store[:], wanted, atol=1e-5)
        assert verify_store(store, images, 10) > 0.9999


def test_rows_of_other_images_are_not_used(image_folder, written):
    dataset = folder(image_folder)
    ids = list(dataset.sample_ids())
    features, spec = written(ids, more=['val/x.jpg'])
    prior = build_prior(spec)
    found, _ = next(extract(PriorImages(dataset.dataset, prior), None))
    np.testing.assert_array_equal(found, features)


def test_slash_after_data_root_does_not_matter(image_folder, written):
    """mmpretrain's paths begin with one if data_root ends without it."""
    ids = [name.lstrip('/') for name in folder(image_folder).sample_ids()]
    features, spec = written(ids)
    for root in (f'{image_folder}', f'{image_folder}/'):
        prior, data = build_prior(spec), folder(root).dataset
        found, _ = next(extract(PriorImages(data, prior), None))
        np.testing.assert_array_equal(found, features)


@pytest.mark.parametrize('workers', [0, 2])
def test_missing_sample_stops(image_folder, written, tmp_path, workers):
    dataset = folder(image_folder)
    ids = list(dataset.sample_ids())
    _, spec = written(ids[:9] + ids[10:])
    with pytest.raises(UserError, match='no features of .*1/3.jpg') as error:
        generate(PriorImages(dataset.dataset, build_prior(spec),
                             workers=workers), tmp_path / 'out', K)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_numbers_that_are_none(image_folder, written, tmp_path, bad):
    dataset = folder(image_folder)
    _, spec = written(list(dataset.sample_ids()))
    features = np.load(tmp_path / 'f.npy')
    names = (tmp_path / 'f.ids.txt').read_text().split('\n')
    features[11, 3] = bad
    np.save(tmp_path / 'f.npy', features)
    with pytest.raises(UserError, match=f'NaN or infinite.*{names[11]}'):
        generate(PriorImages(dataset.dataset, build_prior(spec)),
                 tmp_path / 'out', K)


def test_fingerprint_tells_features_and_ids(written, tmp_path):
    ids = list('abcdef')
    prints = []
    for seed in (0, 0, 1):
        prints.append(build_prior(written(ids, seed=seed)[1]).fingerprint())
    names = (tmp_path / 'f.ids.txt').read_text()
    (tmp_path / 'f.ids.txt').write_text(names[::-1].strip())
    prints.append(build_prior(f'file:{tmp_path}/f.npy').fingerprint())
    assert prints[0] == prints[1] and prints[0]['name'].startswith('file:')
    assert len({p['weights'] for p in prints}) == 3


@pytest.mark.parametrize('change, reason', [
    (lambda d: (d / 'f.npy').unlink(), 'f.npy'),
    (lambda d: np.save(d / 'f.npy', np.array([{}] * 6)), 'without pickle'),
    (lambda d: np.save(d / 'f.npy', np.zeros((6, 2), int)), 'int64'),
    (lambda d: np.save(d / 'f.npy', np.zeros(6)), r'\(6,\)'),
    (lambda d: np.save(d / 'f.npy', np.zeros((5, 2))), '5 rows.*6 ids'),
    (lambda d: (d / 'f.npy').write_bytes(b'no array'), 'without pickle'),
    (lambda d: (d / 'f.ids.txt').unlink(), 'no ids at'),
    (lambda d: (d / 'f.ids.txt').write_text('a\nb\na\nc\nd\ne\n'),
     "'a' twice"),
], ids=['missing', 'pickle', 'whole', 'flat', 'short', 'text', 'no ids',
        'twice'])
def test_wrong_files(written, tmp_path, change, reason):
    _, spec = written(list('abcdef'))
    build_prior(spec)
    change(tmp_path)
    with pytest.raises(UserError, match=reason):
        build_prior(spec)


def test_no_images_no_options(written):
    _, spec = written(list('abcdef'))
    for options in (('none', ), (None, 64)):
        with pytest.raises(UserError, match='leave out'):
            build_prior(spec, *options)
