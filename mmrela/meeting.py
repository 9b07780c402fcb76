"""Where the processes of one job find each other."""
from __future__ import annotations

import os
import socket
import time
from datetime import timedelta

from torch import distributed

from .errors import UserError

PATIENCE = 120  # seconds until all ranks must have come


def join(timeout: timedelta) -> None:
    """Become one of the ranks that the environment tells.

    Args:
        timeout: Of what they do together later.

    Raises:
        UserError: of :func:`meet`.
    """
    store = meet()
    distributed.init_process_group(
        'gloo', store=store, rank=int(os.environ['RANK']),
        world_size=int(os.environ['WORLD_SIZE']), timeout=timeout)


def meet(patience: float = PATIENCE) -> distributed.Store:
    """Wait until all ranks have come to ``MASTER_ADDR:MASTER_PORT``.

    Args:
        patience: Seconds.

    Returns:
        The store by which they met.

    Raises:
        UserError: the environment names no such place, or they have not
            come in time; says how many have, if that is known.
    """
    try:
        rank, size = int(os.environ['RANK']), int(os.environ['WORLD_SIZE'])
        place = os.environ['MASTER_ADDR'], int(os.environ['MASTER_PORT'])
    except (KeyError, ValueError) as e:
        raise UserError('--launcher pytorch is for processes that torchrun '
                        f'starts ({type(e).__name__}: {e})') from e
    if not 0 < place[1] < 1 << 16:
        raise UserError(f'MASTER_PORT={place[1]} is no port: set one of 1 to '
                        '65535')
    end, came = time.monotonic() + patience, 0
    try:
        store = _store(place, rank, size, end)
        came = store.add('came', 1)
        while came < size and time.monotonic() < end and not store.check(
                ['over']):
            time.sleep(0.05)
            came = store.add('came', 0)
        if came < size:  # all end at once, before the store does
            store.set('over', '')
            time.sleep(0.5)
    except (OSError, RuntimeError) as e:
        if rank == 0 and not came:
            raise UserError(
                f'rank 0 cannot listen at port {place[1]} ({e}): set another '
                'MASTER_PORT') from e
    if came < size:
        told = f'{came} of {size} ranks came' if came else 'nobody answers'
        raise UserError(
            f'rank {rank} gives up: {told} at {place[0]}:{place[1]}, where '
            f'ranks wait {patience:g} seconds for each other; see why the '
            'others did not start, or cannot reach that address')
    store.set_timeout(timedelta(seconds=patience))
    return store


def _store(place: tuple[str, int], rank: int, size: int,
           end: float) -> distributed.Store:
    """Of this start: torchrun's own goes on when it starts ranks again."""
    serves = rank == 0 and os.environ.get(
        'TORCHELASTIC_USE_AGENT_STORE') != 'True'
    if not serves:
        _listen(place, end)
    store = distributed.TCPStore(
        *place, size, serves, wait_for_workers=False, multi_tenant=True,
        timeout=timedelta(seconds=max(1., end - time.monotonic())))
    return distributed.PrefixStore(
        os.environ.get('TORCHELASTIC_RESTART_COUNT', '0'), store)


def _listen(place: tuple[str, int], end: float) -> None:
    """Wait until somebody is there; PyTorch would print each failed try.

    Raises:
        OSError: nobody is, in time.
    """
    while True:
        try:
            socket.create_connection(
                place, max(1., end - time.monotonic())).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
