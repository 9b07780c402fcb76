"""Ranks that never come: a sentence in time, not 30 days of silence."""
from __future__ import annotations

import os
import socket
import time

import pytest
from forked import free_port, run_ranks
from torch import distributed

from mmrela import meeting
from mmrela.errors import UserError


@pytest.fixture
def rank_of(monkeypatch):
    def set_rank(rank: int, size: int, port: int) -> None:
        for name, value in dict(RANK=rank, WORLD_SIZE=size, MASTER_PORT=port,
                                MASTER_ADDR='127.0.0.1').items():
            monkeypatch.setenv(name, str(value))

    return set_rank


@pytest.mark.parametrize('rank, told', [
    (0, 'rank 0 gives up: 1 of 3 ranks came'),
    (2, 'rank 2 gives up: nobody answers')])
def test_alone(rank, told, rank_of, capfd):
    port = free_port()
    rank_of(rank, 3, port)
    start = time.monotonic()
    with pytest.raises(UserError, match=f'{told} at 127.0.0.1:{port}, where'):
        meeting.meet(1)
    assert time.monotonic() - start < 10
    assert capfd.readouterr().err == ''


def test_one_of_three_is_missing(tmp_path):
    port = free_port()

    def work(rank: int) -> None:
        os.environ.update(WORLD_SIZE='3', MASTER_PORT=str(port))
        time.sleep(rank)  # whoever comes later still ends beside the first
        meeting.meet(3)

    codes, said = run_ranks(work, 2, tmp_path)
    assert codes == [2, 2]
    assert all('2 of 3 ranks came' in text for text in said), said
    assert all(text.count('\n') == 1 for text in said), said


def test_a_late_rank_is_waited_for(tmp_path):
    """Even if it is the first one, to which the others connect."""
    def work(rank: int) -> None:
        os.environ['MASTER_PORT'] = str(port)
        time.sleep(1.5 * (1 - rank))
        store = meeting.meet(60)
        store.set(f'of {rank}', str(rank))
        assert store.get(f'of {1 - rank}') == str(1 - rank).encode()
        distributed.barrier()

    port = free_port()
    codes, said = run_ranks(work, 2, tmp_path)
    assert codes == [0, 0], said


def test_a_port_that_is_taken(rank_of):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        rank_of(0, 2, taken.getsockname()[1])
        with pytest.raises(UserError, match='rank 0 cannot listen at port'):
            meeting.meet(5)


def test_a_port_that_is_none(rank_of):
    for rank in range(2):
        rank_of(rank, 2, 70000)
        with pytest.raises(UserError, match='MASTER_PORT=70000 is no port'):
            meeting.meet(1)


@pytest.mark.parametrize('name, value', [
    ('MASTER_ADDR', None), ('RANK', None), ('WORLD_SIZE', 'two')])
def test_no_launcher(name, value, rank_of, monkeypatch):
    rank_of(0, 2, free_port())
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match='that torchrun starts'):
        meeting.meet(1)
