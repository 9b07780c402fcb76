"""Curves stand where results say."""
from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from _lib.experiments import picture
from _lib.experiments.picture import Entry, draw

CURVE = [(0, 5, 10), (4, 13, 30), (8, 29, 20)]


@pytest.mark.parametrize('column, at', [(0, 5), (1, 17)])
def test_curve_and_hand_over(column, at):
    """The hand-over stands a quarter of the way between two points."""
    axes = Figure().subplots()
    picture._curve(axes, Entry('a', 'red', 20, switch=5), CURVE, column)
    line, mark = (drawn.get_xydata() for drawn in axes.lines)
    assert np.array_equal(line, np.array(CURVE)[:, [column, 2]])
    assert mark.tolist() == [[at, 27.5]]


@pytest.mark.parametrize('switch', [None, 3, 9])
def test_no_mark_without_a_hand_over_on_the_curve(switch):
    axes = Figure().subplots()
    picture._curve(axes, Entry('a', 'red', 20, switch=switch), CURVE[1:], 0)
    assert len(axes.lines) == 1


def test_panels_are_those_that_have_curves(tmp_path, monkeypatch):
    panels = []
    monkeypatch.setattr(picture, '_curve', lambda axes, entry, curve, column:
                        panels.append((entry.label, curve, column)))
    draw([Entry('a', 'red', 20, curves=dict(knn=CURVE, linear=CURVE[:2])),
          Entry('b', 'blue', 30, 1, dict(knn=CURVE[1:]))],
         dict(knn=15), 'accuracy, %', tmp_path / 'a.png')
    assert sorted(panels) == sorted(
        [('a', curve, column) for column in (0, 1)
         for curve in (CURVE, CURVE[:2])]
        + [('b', CURVE[1:], column) for column in (0, 1)])
    panels.clear()
    draw([Entry('a', 'red', 20)], {}, 'accuracy, %', tmp_path / 'a.png')
    assert not panels


def test_bars_say_of_what_they_are():
    axes = Figure().subplots()
    picture._bars(axes, [Entry('a', 'red', 20)], 'accuracy, %')
    assert axes.get_xlabel().endswith('accuracy, %')
