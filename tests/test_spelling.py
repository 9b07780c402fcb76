"""Names that are nearly known."""
from __future__ import annotations

from mmrela.spelling import meant, nearest


def test_the_nearest_name_is_taken():
    known = ['torchvision', 'timm', 'random']
    assert nearest('torchvison', known) == 'torchvision'
    assert nearest('xyz', known) == nearest('timm', []) == ''
    assert nearest('tim', known, 0.95) == ''


def test_the_question_that_an_error_asks():
    assert meant('tim', iter(['timm']), 'a ') == ' (is a timm meant?)'
    assert meant('xyz', ['timm']) == ''
