"""Hosts whose necks do not tell how wide their features are."""
from __future__ import annotations

import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.models.utils import SelfSupDataPreprocessor
from mmpretrain.registry import MODELS
from torch import Tensor

from mmrela.errors import UserError

OUTPUTS = dict(
    wide=lambda x: (None, torch.ones(len(x), 6, 5, 5)),
    ids=lambda x: torch.ones(len(x), 6).long(),
    mask=lambda x: torch.rand(len(x), 6),
    infinite=lambda x: torch.full((len(x), 6), torch.inf),
    rounding=lambda x: 1 + 1e-6 * torch.rand(len(x), 6),
    failing=lambda x: x.no_such_method())


@MODELS.register_module()
class HostOfAnyOutput(BaseSelfSupervisor):

    def __init__(self, output: str, **kwargs) -> None:
        super().__init__(dict(type='ResNet', depth=18), **kwargs)
        self.output = OUTPUTS[output]
        self.head = torch.nn.Dropout().train()
        self.seen = []

    def extract_feat(self, inputs: Tensor) -> Tensor:
        assert not self.head.training
        self.seen.append(inputs)
        return self.output(inputs)

    def loss(self, inputs, data_samples):
        raise NotImplementedError


def build(output: str, **kwargs) -> BaseSelfSupervisor:
    init_default_scope('mmpretrain')
    return MODELS.build(dict(
        type='Rela', host='HostOfAnyOutput', output=output,
        rela_head=dict(type='RelaHead', out_channels=3), **kwargs))


def test_a_black_image_tells_the_width():
    state = torch.get_rng_state()
    model = build('wide', data_preprocessor=dict(mean=[1, 2, 3], std=[1] * 3))
    assert model.rela_head.fc.in_features == 6
    assert model.head.training
    expected = torch.tensor([-1., -2, -3]).view(1, 3, 1, 1)
    assert torch.equal(model.seen[0], expected.expand(1, 3, 224, 224))
    torch.set_rng_state(state)
    plain = HostOfAnyOutput('wide')  # of the same draws
    for ours, theirs in zip(model.backbone.parameters(),
                            plain.backbone.parameters()):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize('output, reason', [
    ('ids', r'torch.int64 of \[1, 6\]'), ('mask', 'others each time'),
    ('infinite', 'not finite'), ('failing', 'no_such_method')])
def test_hosts_without_features_are_refused(output, reason):
    with pytest.raises(UserError, match=(
            f'host=HostOfAnyOutput .*{reason}.*rela_features.*in_channels')):
        build(output)


def test_kernels_may_round_otherwise_each_time():
    assert build('rounding').rela_head.fc.in_features == 6


def test_a_preprocessor_of_two_pictures_has_one_norm_for_relas():
    model = build('wide', data_preprocessor=dict(
        type='TwoNormDataPreprocessor', mean=[1] * 3, std=[1] * 3,
        second_mean=[0] * 3, second_std=[1] * 3))
    assert (model.seen[0] == -1).all()


@MODELS.register_module()
class Clipped(SelfSupDataPreprocessor):

    def forward(self, data, training=False):
        raise RuntimeError('no colours')


def test_a_preprocessor_that_fails_is_named():
    with pytest.raises(UserError, match='type=Clipped .*Error: no colours'):
        build('wide', data_preprocessor=dict(type='Clipped'))
