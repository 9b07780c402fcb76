"""What several tests of the tools start from."""
from __future__ import annotations

from pathlib import Path

import pytest
from calls import CIFAR, call, cifar, lines


@pytest.fixture
def mistake(capsys):
    """Run a tool that must refuse, and return its sentence."""

    def refused(tool: str, *argv) -> str:
        assert call(tool, *argv) == 2
        out, err = capsys.readouterr()
        assert len(lines(err)) == 1 and lines(err)[0].startswith('error: ')
        assert 'Traceback' not in out + err
        return lines(err)[0]

    return refused


@pytest.fixture(scope='session')
def four_components(cifar_root, tmp_path_factory) -> Path:
    """A store of 16 images of the quickstart config; do not change it."""
    directory = tmp_path_factory.mktemp('targets') / 'store'
    assert call('gen_targets', CIFAR, '--prior', 'random', '--dim', 4,
                *cifar(cifar_root, directory)) == 0
    return directory
