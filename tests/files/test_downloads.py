"""Caches are used; a network that is not there costs one sentence."""
from __future__ import annotations

import time
from urllib.error import URLError

import huggingface_hub
import pytest
import timm
import torch
from huggingface_hub.errors import EntryNotFoundError
from mmpretrain.apis.model import ModelHub
from safetensors.torch import save_file

from mmrela.errors import UserError
from mmrela.files import downloads
from mmrela.priors import build_prior


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, empty caches."""

    def refuse(*args, **kwargs):
        raise URLError('no network')

    monkeypatch.setattr(downloads.request, 'urlopen', refuse)
    monkeypatch.setattr(torch.hub, 'urlopen', refuse)
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
    monkeypatch.setattr(huggingface_hub, 'hf_hub_download', missing)
    return tmp_path


def missing(*args, **kwargs):
    raise EntryNotFoundError('none here')


@pytest.mark.parametrize('spec, wanted', [
    ('open_clip:RN50', 'open_clip_model.safetensors of timm/resnet50_clip.o'),
    ('open_clip:ViT-B-32@laion2b_s34b_b79k', 'laion/CLIP-ViT-B-32-laion2B'),
    ('timm:resnet10t', 'model.safetensors of timm/resnet10t.c3_in1k'),
    ('mmpretrain:resnet18_8xb32_in1k', 'resnet18_8xb32_in1k_20210831-fb'),
    ('torchvision:resnet18', 'resnet18-f37072fd.pth'),
])
def test_refused_download_is_one_sentence(offline, spec, wanted):
    start = time.perf_counter()
    with pytest.raises(UserError, match='cannot download') as error:
        build_prior(spec)
    said = str(error.value)
    assert wanted in said and ',weights=FILE' in said and '\n' not in said
    assert 'URLError' in said
    assert time.perf_counter() - start < 20
    assert not list(offline.rglob('*.pth'))


def test_hub_cache_needs_no_network(offline, monkeypatch):
    model = timm.create_model('resnet10t')
    save_file(model.state_dict(), offline / 'model.safetensors')
    asked = []

    def cached(repo, name, local_files_only=False):
        asked.append((repo, name, local_files_only))
        return str(offline / name)

    monkeypatch.setattr(huggingface_hub, 'hf_hub_download', cached)
    prior = build_prior('timm:resnet10t')
    assert torch.equal(prior.model.conv1[0].weight, model.conv1[0].weight)
    assert asked == [('timm/resnet10t.c3_in1k', 'model.safetensors', True)]


def test_second_file_of_the_hub(offline, monkeypatch):
    monkeypatch.setattr(downloads.request, 'urlopen',
                        lambda *a, **k: open(__file__))

    def hub(repo, name, local_files_only=False):
        if local_files_only or name == 'a':
            missing()
        return f'got {name}'

    monkeypatch.setattr(huggingface_hub, 'hf_hub_download', hub)
    assert downloads.hub_file('owner/name', ['a', 'b'], 'it') == 'got b'
    with pytest.raises(UserError, match='EntryNotFoundError.*fetch a of own'):
        downloads.hub_file('owner/name', ['a', 'a'], 'it')


def test_torchs_cache_needs_no_network(offline):
    url = ModelHub.get('resnet18_8xb32_in1k').weights
    prior = build_prior('mmpretrain:resnet18_8xb32_in1k', 'none')
    state = {k: v + 1 for k, v in prior.model.state_dict().items()}
    file = offline / 'checkpoints' / url.rpartition('/')[2]
    file.parent.mkdir()
    torch.save(dict(state_dict=state), file)
    found = build_prior('mmpretrain:resnet18_8xb32_in1k').model.state_dict()
    assert all(torch.equal(found[key], state[key]) for key in state)


def test_wrong_hash_is_no_download(offline, monkeypatch):
    (offline / 'w-00000000.pth').write_bytes(b'other')
    monkeypatch.undo()
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(offline))
    url = (offline / 'w-00000000.pth').as_uri()
    with pytest.raises(UserError, match='cannot download it .RuntimeError'):
        downloads.url_file(url, 'it')
    assert not (offline / 'checkpoints' / 'w-00000000.pth').exists()
