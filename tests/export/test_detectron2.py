"""Files for torchvision are what detectron2's converter reads."""
from __future__ import annotations

import re

import pytest
import torch
from backbones import build, checkpoint

from mmrela.export.run import write
from mmrela.export.source import Source


@pytest.mark.parametrize('name', ['resnet', 'bottleneck'])
def test_renamed_they_are_its_own_names(name, tmp_path):
    """A plain dict of tensors; renamed, they are detectron2's own names."""
    file = tmp_path / 'x.pth'
    source = Source(checkpoint(name, tmp_path, build(name)), side=32)
    write(source, 'torchvision', str(file))
    found = torch.load(file)  # as the converter does
    renamed = {detectron2s(key) for key, value in found.items()
               if value.detach().numpy().ndim}  # without counts of batches
    norms = ('weight', 'bias', 'running_mean', 'running_var')
    layers = ['stem.conv1'] + [
        f'res{stage}.{block}.{layer}'
        for stage, blocks in enumerate(
            dict(resnet=(2, 2, 2, 2), bottleneck=(3, 4, 6, 3))[name], 2)
        for block in range(blocks)
        for layer in [f'conv{i + 1}' for i in range(2 + (
            name == 'bottleneck'))] + ['shortcut'] * (
                block == 0 and (stage > 2 or name == 'bottleneck'))]
    assert renamed == {f'{layer}.{rest}' for layer in layers for rest in
                       ('weight', *(f'norm.{each}' for each in norms))}


def detectron2s(name: str) -> str:
    """The rule of detectron2's tools/convert-torchvision-to-d2.py."""
    if not name.startswith('layer'):
        name = f'stem.{name}'
    name = re.sub(r'^layer(\d)', lambda m: f'res{int(m[1]) + 1}', name)
    name = re.sub(r'\bbn(\d)', r'conv\1.norm', name)
    return name.replace('downsample.0', 'shortcut').replace(
        'downsample.1', 'shortcut.norm')
