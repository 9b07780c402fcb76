"""The picture of targets, and what it refuses."""
import numpy as np
import pytest
from calls import CIFAR, call, cifar
from PIL import Image

from mmrela.targets import Manifest, TargetStore, write_store


@pytest.fixture(scope='module')
def stores(four_components, cifar_root, tmp_path_factory):
    other = tmp_path_factory.mktemp('stores') / 'other'
    assert call('gen_targets', CIFAR, '--prior', 'random:1', '--dim', 8,
                *cifar(cifar_root, other)) == 0
    return [four_components, other]


def test_picture(stores, cifar_root, tmp_path, capsys):
    out = tmp_path / 'a.png'
    code = call('show_targets', CIFAR, '--stores', *stores, '--images', 3, 9,
                '--out', out, *cifar(cifar_root, stores[0]))
    assert code == 0 and '2 images' in capsys.readouterr().out
    with Image.open(out) as image:
        assert len(np.unique(np.asarray(image.convert('L')))) > 50


@pytest.mark.parametrize('images, wrong', [
    ([16], '--images must lie in 0 to 15'), ([-1], '--images must lie')])
def test_images_that_are_not_there(images, wrong, stores, cifar_root, capsys):
    assert call('show_targets', CIFAR, '--stores', stores[0], '--images',
                *images, *cifar(cifar_root, stores[0])) == 2
    assert wrong in capsys.readouterr().err


def test_store_of_other_images(stores, cifar_root, capsys):
    options = cifar(cifar_root, stores[0])
    options[2] = options[2].replace('=16', '=12')
    assert call('show_targets', CIFAR, '--stores', stores[0], *options) == 2
    assert 'holds targets of 16 images' in capsys.readouterr().err


def test_targets_without_a_pca(stores, cifar_root, tmp_path, capsys):
    """A user's own, or distilled ones: neighbours, but no spectrum."""
    whole = TargetStore.open(stores[0])
    write_store(tmp_path / 'own', [whole[range(16)]],
                Manifest(16, whole.dim, ids=whole.manifest.ids))
    out = tmp_path / 'a.png'
    assert call('show_targets', CIFAR, '--stores', tmp_path / 'own', stores[0],
                '--out', out, *cifar(cifar_root, stores[0])) == 0
    assert out.exists() and '2 stores' in capsys.readouterr().out
