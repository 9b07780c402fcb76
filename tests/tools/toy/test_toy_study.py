"""The whole study, small; and what it must show, at its full size."""
import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

from _lib.toy import report
from _lib.toy.formulas import compare, mean_and_error
from _lib.toy.network import EVERY, outputs
from _lib.toy.study import RHOS, Validation, spearman, spearman_rows, study


@pytest.fixture(scope='module')
def small():
    """Two seeds, and few samples of everything else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('_lib.toy.study.VALIDATION', 400)
        patch.setattr('_lib.toy.formulas.REPEATS', 200)
        return study(2)


def test_networks_learn_more_from_better_data(small):
    for sweep in small.samples, small.targets:
        best, _, worst = (sweep.settings.index(v) for v in sweep.shown)
        last = sweep.excess[-1].mean(-1)
        assert last[best] < last[worst] / 2
        assert sweep.excess[-1].shape == (len(sweep.settings), 2)
        torch.testing.assert_close(sweep.curves[-1, 0],
                                   sweep.excess[-1, best])
        torch.testing.assert_close(sweep.curves[300 // EVERY, 2],
                                   sweep.excess[1, worst])


def test_targets_are_mixed_from_the_best_network(small):
    torch.testing.assert_close(small.targets.y, outputs(
        small.samples.last[0, 0], small.targets.x))
    torch.testing.assert_close(  # ρ = 0 is Σ = 1 with its labels
        small.targets.last[0], small.samples.last[-1])
    assert set(small.samples.y.tolist()) == {0, 1}


def test_least_loss_is_that_of_the_posterior_and_of_none_else():
    data = Validation()
    assert data.least == pytest.approx(0.06, abs=0.004)
    others = [data.of_posterior(n / 10) for n in range(1, 11) if n != 5]
    assert min(others) > data.least
    sure = data.of_posterior(0.001)  # squared errors are errors there
    assert sure == pytest.approx(
        math.erfc(1) / 2, abs=4 * math.sqrt(0.08 * 0.92 / 4000))


def test_files(small, tmp_path):
    folder = tmp_path / 'a' / 'b'
    report.write(small, folder)
    assert {file.name for file in folder.iterdir()} == {
        'study.md', 'study.json', 'toy_samples.png', 'toy_targets.png',
        'toy_theorems.png'}
    for file in folder.glob('*.png'):
        assert file.stat().st_size < 150_000
        with Image.open(file) as image:
            assert len(np.unique(np.asarray(image.convert('L')))) > 50
    text = (folder / 'study.json').read_text()
    assert 'NaN' not in text and 'Infinity' not in text
    found = json.loads(text)
    assert found['seeds'] == 2 and found['targets']['settings'] == RHOS
    last = found['samples']['excess'][-1][-1]
    assert last == pytest.approx(mean_and_error(small.samples.excess[-1, -1]))
    tables = (folder / 'study.md').read_text()
    assert f'{last[0]:.4f} ± {last[1]:.4f} |' in tables


def test_spearman_is_its_formula():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 9))
    ranks = [[sorted(row).index(v) for v in row] for row in (a, b)]
    distance = sum((i - j)**2 for i, j in zip(*ranks))
    assert spearman(a, b) == pytest.approx(
        1 - 6 * distance / (9 * 80))
    # Ranks 1, 2.5, 2.5, 4 against 1 to 4.
    tied = spearman(np.array([0, 5, 5, 9]), np.array([1, 2, 3, 4]))
    assert tied == pytest.approx(4.5 / math.sqrt(4.5 * 5))


def test_compare_counts_standard_errors():
    row = compare(3., np.array([1., 3., 5., 7.]))
    assert row['simulated'] == 4 and row['error'] == pytest.approx(
        math.sqrt(20 / 3) / 2)
    assert row['off'] == pytest.approx(1 / row['error'])


@pytest.mark.slow
def test_what_the_paper_claims_of_samples_and_targets():
    found = study(20)
    for sweep in found.samples, found.targets:
        rows = spearman_rows(sweep)
        assert all(row['means'] >= 0.9 for row in rows)
    for rows in found.theorem1, found.theorem2:
        off = np.array([row['off'] for row in rows])
        assert np.abs(off).max() < 4 and (off**2).mean() < 1.5
        assert all(row['excess'] <= row['excess_bound'] for row in rows)
    assert all(row['distance'] <= row['bound'] for row in found.theorem2)
    for row in found.boundary:
        mean, error = row['samples']
        assert abs(mean - 1.5) < 4 * error
    for row in found.overlap:
        mean, error = row['sampled']
        assert abs(mean - row['formula']) < 4 * error
