"""What importing the package does, needs and leaves alone."""
from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path

import import_each
import pytest


@functools.cache
def results(kind: str) -> dict[str, str]:
    """What each case of a kind raised, from one process."""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', import_each.__file__, kind],
        cwd=Path(import_each.__file__).parents[1], capture_output=True,
        text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.partition('RESULTS')[2])


@pytest.mark.parametrize('kind, case', [
    (kind, case.__name__) for kind, (_, cases) in import_each.CASES.items()
    for case in cases])
def test_importing(kind, case):
    assert results(kind)[case] == ''
