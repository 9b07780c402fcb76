"""Features in files: read again as a prior, by one process and by several."""
from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from calls import CIFAR, DATA, ROOT, call, colors
from forked import run_ranks
from matplotlib.colors import to_hex
from PIL import Image

from _lib.config import load_config
from _lib.targets.embedding import embed
from _lib.training.machine import peak_bytes
from mmrela.measures.spectra import spectrum
from mmrela.priors import build_prior

FOLDER = str(ROOT / 'configs' / 'byol_rela_r50_folder.py')
BY_CLASS = {to_hex(f'C{number}') for number in range(10)}
SMALL = ['model.backbone.depth=18', 'train_dataloader.num_workers=0']


def cifar(root, count: int) -> list[str]:
    return ['--cfg-options', f'{DATA}.data_root={root}',
            f'{DATA}.indices={count}']


@pytest.fixture(scope='module')
def written(cifar_root, tmp_path_factory):
    """200 images, so that there are two batches."""
    out = tmp_path_factory.mktemp('embed') / 'x.npy'
    assert call('embed', CIFAR, '--prior', 'random:3', '--out', out,
                *cifar(cifar_root, 200)) == 0
    return out


def test_a_spectrum_of_many_features_copies_none(tmp_path):
    """Of ImageNet's the copies would take 80 GB."""
    def work(rank):
        features = torch.rand(400_000, 64)  # 102 MB
        spectrum(features[:9999])
        before = peak_bytes()
        spectrum(features)
        assert peak_bytes() - before < 50e6

    codes, said = run_ranks(work, 1, tmp_path)
    assert codes == [0], said


def test_labels_and_picture(written):
    labels = written.with_suffix('.labels.txt').read_text().split()
    assert labels == [str(i % 10) for i in range(200)]
    with Image.open(written.with_suffix('.png')) as image:
        assert len(np.unique(np.asarray(image.convert('L')))) > 50
    assert BY_CLASS <= colors(written.with_suffix('.map.png'))


def test_a_prior_reads_them(written, cifar_root, tmp_path, capsys):
    """The same targets as from the network itself: `file:` is its way."""
    again = tmp_path / 'again.npy'
    assert call('embed', CIFAR, '--prior', f'file:{written}', '--out', again,
                *cifar(cifar_root, 150)) == 0
    np.testing.assert_array_equal(np.load(again), np.load(written)[:150])
    assert '150/150' in capsys.readouterr().err  # the bar comes to its end
    assert build_prior(f'file:{again}').features.shape == (150, 512)


def test_ranks_end_in_the_same_bytes(written, cifar_root, tmp_path):
    def work(rank: int) -> None:
        args = SimpleNamespace(config=CIFAR, cfg_options=cifar(
            cifar_root, 200)[1:])
        cfg = load_config(args, rela=True)
        embed(cfg, build_prior('random:3', cfg=cfg), tmp_path / 'x.npy', False)

    codes, said = run_ranks(work, 3, tmp_path)
    assert codes == [0, 0, 0], said
    for name in ('x.npy', 'x.ids.txt', 'x.labels.txt'):
        assert (tmp_path / name).read_bytes() == (
            written.parent / name).read_bytes()


def test_a_folder_without_labels(image_folder, tmp_path, mistake, capsys):
    """Ids are paths below the folder; what cannot be read is left out."""
    photos, out = tmp_path / 'photos', tmp_path / 'out' / 'x.npy'
    photos.mkdir()
    for i, file in enumerate(sorted((image_folder / 'val').rglob('*.jpg'))):
        (photos / f'{i:02}.jpg').write_bytes(file.read_bytes())
    (photos / '07.jpg').write_bytes(b'none')
    argv = ['embed', FOLDER, '--prior', 'random', '--image-size', 32, '--out',
            out, '--cfg-options', f'{DATA}.data_root={photos}', *SMALL]
    said = mistake(*argv)
    assert '07.jpg cannot be read' in said
    assert ', or pass --on-bad-image skip' in said
    assert not out.parent.exists()
    assert call(*argv, '--on-bad-image', 'skip') == 0
    ids = out.with_suffix('.ids.txt').read_text().split('\n')
    assert ids == [f'{i:02}.jpg' for i in range(18) if i != 7] + ['']
    assert np.load(out).shape == (17, 512)
    assert sorted(file.name for file in out.parent.iterdir()) == [
        'x.ids.txt', 'x.map.png', 'x.npy', 'x.png']
    assert '(17, 512)' in capsys.readouterr().out


def test_mistakes(mistake, cifar_root, tmp_path):
    options = cifar(cifar_root, 20)
    assert 'ends in .npy' in mistake('embed', CIFAR, '--prior', 'random',
                                     '--out', tmp_path / 'x', *options)
    assert 'no weights at' in mistake('embed', CIFAR, tmp_path / 'no.pth',
                                      *options)
