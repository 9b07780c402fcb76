"""The annotations, by mypy."""
from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
USER = """
import numpy as np
import mmrela
from mmrela.pca import BatchPCA
from mmrela.schedule import FixedLambda, LambdaRule
from mmrela.targets import TargetStore

mmrela.accelerate({}, 3)
mmrela.BudgetSampler(5)
rule: LambdaRule = FixedLambda('half')
TargetStore.open('data/targets')[0].shapes
BatchPCA().transform(np.eye(3)).cuda()
"""
WRONG = [8, 9, 10, 11, 12]  # lines of it


@pytest.fixture(scope='module')
def mypy(tmp_path_factory):
    """A call of mypy with the settings of setup.cfg: what it prints."""
    pytest.importorskip('mypy')
    from mypy import api

    cache = tmp_path_factory.mktemp('mypy')

    def call(*args: str) -> str:
        out, err, _ = api.run([
            '--config-file', str(ROOT / 'setup.cfg'), '--cache-dir',
            str(cache), '--no-error-summary', *args])
        return out + err

    return call


def test_annotations_are_true(mypy, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert mypy() == ''


def test_users_checker_knows_the_types(mypy, monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    user = tmp_path / 'user.py'
    user.write_text(USER)
    lines = mypy(str(user)).splitlines()
    assert [int(line.split(':')[1]) for line in lines] == WRONG
