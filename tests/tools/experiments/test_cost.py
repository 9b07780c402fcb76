"""Cost to accuracy from results."""
from __future__ import annotations

import pytest

from _lib.experiments.cost import costs, goals


def line(seed, *scores, measure='knn', **more) -> dict:
    return {'seed': seed, 'batch_size': 1000, 'prior': 'none',
            'passes': (1, 2, 1), measure: scores} | more


def rela(switch, **more) -> dict:
    return dict(prior='random', options={}, switch_step=switch, **more)


ROWS = {
    'host': [line(0, [0, 0, 10], [50, 60, 31], [90, 100, 30]),
             line(1, [0, 0, 10], [90, 140, 34])],
    'ours': [line(0, [0, 0, 10], [20, 10, 32], [90, 50, 31],
                  target_seconds=5, **rela(None)),
             line(1, [0, 0, 10], [40, 23, 34], target_seconds=5, **rela(30))],
    'once': [line(0, [0, 0, 10], [90, 9, 30], **rela(0)),
             line(1, [0, 0, 10], [90, 9, 33.9])],
    'another seed': [line(2, [0, 0, 99])],
    'no scores': [dict(seed=0)],
    'no runs': [],
}


def test_steps_images_and_seconds_to_the_baseline():
    text = costs(ROWS, 'host')
    assert 'the kNN accuracy costs with which "host" ends, 32.0 %' in text
    cells = {row[2:].split(' | ')[0]: row.strip('| ').split(' | ')[1:]
             for row in text.splitlines()[4:] if row}
    assert cells == {  # means of seeds, shares of 90 x 2 = 180
        'host': ['2 of 2 seeds', '70', '140.0', '78', '100', '80'],
        'ours': ['2 of 2 seeds', '30', '35.0', '19', '22', '18'],
        'once': ['1 of 2 seeds', '90', '180.0', '100', '9', '9']}
    assert goals(ROWS, 'host') == dict(knn=32)


def test_a_table_for_each_measure_of_the_baseline():
    rows = dict(host=[line(0, [5, 1, 40], measure='linear') | dict(
        knn=[[5, 1, 30]])], ours=[line(0, [4, 1, 41], measure='linear')])
    linear, knn = costs(rows, 'host').split('What the ')[1:]
    assert linear.startswith('linear probe costs') and '| ours | 1' in linear
    assert knn.startswith('kNN accuracy costs') and 'ours' not in knn
    assert goals(rows, 'host') == dict(linear=40, knn=30)


@pytest.mark.parametrize('rows', [{}, {'host': []}, {'host': [dict(seed=0)]}])
def test_nothing_without_the_baseline(rows):
    rows['ours'] = [line(0, [0, 0, 10])]
    assert costs(rows, 'host') == '' and goals(rows, 'host') == {}
