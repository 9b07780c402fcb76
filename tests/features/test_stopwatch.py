import time

import pytest

from mmrela.features.stopwatch import Stopwatch


def test_laps_add_up(clock):
    watch = Stopwatch()
    for name, seconds in [('a', 1), ('b', 2.5), ('a', 0.5), ('c', 0.001)]:
        time.sleep(seconds)
        watch.lap(name)
    assert dict(watch.seconds) == pytest.approx(dict(a=1.5, b=2.5, c=0.001))
    assert watch.total == pytest.approx(4.001)
    assert str(watch) == 'a 37 %, b 62 %'  # c is less than half a per cent
    watch.restart()
    assert watch.total == 0 and str(watch) == ''
