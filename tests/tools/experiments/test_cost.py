"""Cost to accuracy from logs and results."""
from __future__ import annotations

import pytest

from _lib.experiments.cost import write_cost


def line(seed, *knn, **more) -> dict:
    return dict(seed=seed, batch_size=8, knn=knn, **more)


def test_steps_images_and_seconds_to_the_baseline(tmp_path):
    rows = {
        'host': [line(0, [0, 0, 10], [50, 60, 31], [90, 100, 30]),
                 line(1, [0, 0, 10], [90, 140, 34])],
        'ours': [line(0, [0, 0, 10], [20, 10, 32], [90, 50, 31],
                      target_seconds=5),
                 line(1, [0, 0, 10], [40, 23, 34], target_seconds=5)],
        'once': [line(0, [0, 0, 10], [90, 9, 30]),
                 line(1, [0, 0, 10], [90, 9, 33.9])],
        'another seed': [line(2, [0, 0, 99])],
        'no scores': [dict(seed=0)],
        'no runs': [],
    }
    text = write_cost(rows, 'host', tmp_path / 'table')
    assert 'ends, 32.0 %' in text  # (30 + 34) / 2
    cells = {row[2:].split(' | ')[0]: row.strip('| ').split(' | ')[1:]
             for row in text.splitlines()[4:] if row}
    assert cells == {
        'host': ['2 of 2 seeds', '70', '560', '100', '80'],
        'ours': ['2 of 2 seeds', '30', '240', '22', '18'],  # 15 %, 20 %
        'once': ['1 of 2 seeds', '90', '720', '9', '9']}
    assert (tmp_path / 'table_cost.png').read_bytes()[1:4] == b'PNG'


@pytest.mark.parametrize('rows', [{}, {'host': []}, {'host': [dict(seed=0)]}])
def test_nothing_without_the_baseline(tmp_path, rows):
    rows['ours'] = [line(0, [0, 0, 10])]
    assert write_cost(rows, 'host', tmp_path / 'table') == ''
    assert not list(tmp_path.iterdir())
