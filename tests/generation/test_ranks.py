"""Generation by several ranks: the same bytes, kills, faults, full disks."""
from __future__ import annotations

import os
import random
import subprocess
import time

import numpy as np
import pytest
from forked import run_ranks
from test_generate import Counting, K, cifar, random_prior
from threadpoolctl import threadpool_info, threadpool_limits

from mmrela.errors import UserError
from mmrela.features.images import PriorImages
from mmrela.generation import generate as generation
from mmrela.generation.generate import generate
from mmrela.pca import BatchPCA
from mmrela.priors import Prior
from mmrela.targets import TargetStore, TargetStoreError, journal

SAMPLES, BLOCK = 140, 16  # 9 blocks, the last one of 12


class Pixels(Counting):
    """27 features; may take its time over each batch."""

    def __init__(self, pause: float = 0.) -> None:
        super().__init__()
        self.pause = pause

    def forward(self, x):
        time.sleep(self.pause)
        return super().forward(x)


def pixels(pause: float = 0.) -> Prior:
    return Prior('pixels', Pixels(pause), random_prior().preprocess, 'none')


def make(images, prior: Prior, out) -> TargetStore:
    """Generate in small blocks."""
    return generate(PriorImages(images, prior), out, K, block=BLOCK)


@pytest.fixture(scope='module')
def images(cifar_root):
    data = cifar(cifar_root, SAMPLES)
    data.full_init()
    return data


@pytest.fixture
def whole(images, tmp_path) -> dict[str, bytes]:
    make(images, pixels(), tmp_path / 'whole')
    return content(tmp_path / 'whole')


def content(directory) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes()
            for name in ('targets.npy', 'pca.npz')}


@pytest.mark.parametrize('size', [2, 3, 4])
def test_any_number_of_ranks_writes_the_same_bytes(images, tmp_path, whole,
                                                   size):
    def work(rank):
        prior = pixels()
        make(images, prior, tmp_path / 'out')
        (tmp_path / f'seen-{rank}').write_text(str(prior.model.seen))

    codes, said = run_ranks(work, size, tmp_path)
    assert codes == [0] * size, said
    assert content(tmp_path / 'out') == whole
    seen = [int((tmp_path / f'seen-{r}').read_text()) for r in range(size)]
    assert sum(seen) == SAMPLES and max(seen) <= (9 // size + 1) * BLOCK
    TargetStore.open(tmp_path / 'out').verify()


def test_threads_do_not_matter(images, tmp_path, whole, monkeypatch):
    def threads() -> set[int]:
        return {library['num_threads'] for library in threadpool_info()
                if library['user_api'] == 'blas'}

    seen = []
    for name in ('update', 'fit', 'transform'):
        method = getattr(BatchPCA, name)
        monkeypatch.setattr(BatchPCA, name, lambda *args, method=method: (
            seen.append(threads()), method(*args))[1])
    with threadpool_limits(2, 'blas'):
        make(images, pixels(), tmp_path / 'out')
        assert threads() == {2}
    assert len(seen) == 19 and all(those == {1} for those in seen)
    assert content(tmp_path / 'out') == whole


def killed_and_restarted(images, tmp_path, size, moment) -> bool:
    """Whether the kill came before the end."""
    out = tmp_path / f'{size}-{moment}'
    run_ranks(lambda rank: make(images, pixels(0.03), out), size,
              tmp_path, kill_after=moment)
    early = not (out / 'meta.json').exists()
    if early:
        with pytest.raises(TargetStoreError):
            TargetStore.open(out)
    codes, said = run_ranks(lambda rank: make(images, pixels(), out),
                            size, tmp_path)
    assert codes == [0] * size, said
    assert list(out.rglob('*.tmp')) == []
    return early


@pytest.mark.parametrize('size, moment', [(1, 0.15), (3, 0.3)])
def test_killed_generation_goes_on(images, tmp_path, whole, size, moment):
    killed_and_restarted(images, tmp_path, size, moment)
    assert content(tmp_path / f'{size}-{moment}') == whole


@pytest.mark.slow
@pytest.mark.parametrize('size', [1, 3])
def test_killed_at_twenty_moments(images, tmp_path, whole, size):
    rng, early = random.Random(size), 0
    start = time.perf_counter()
    run_ranks(lambda rank: make(images, pixels(.03), tmp_path / 'w'),
              size, tmp_path)
    longest = time.perf_counter() - start
    for _ in range(20):
        moment = rng.uniform(0, longest)
        in_time = killed_and_restarted(images, tmp_path, size, moment)
        early += in_time
        if not in_time:  # the machine is less busy than it was at first
            longest *= 0.8
        assert content(tmp_path / f'{size}-{moment}') == whole
    print(f'{size} ranks: {early} of 20 kills within {longest:.1f} s')
    assert early >= 10


def test_only_what_is_missing_is_computed(images, tmp_path, whole):
    out = tmp_path / 'out'
    make(images, pixels(), out)
    (out / 'meta.json').unlink()
    journal = out / 'features' / 'journal-0'
    torn = journal.read_bytes()[:-30]  # the last line
    journal.write_bytes(torn)
    (out / 'features' / '00002.npy').unlink()
    prior = pixels()
    make(images, prior, out)
    assert prior.model.seen == BLOCK + 12
    assert content(out) == whole
    assert journal.read_bytes().startswith(torn + b'\n')


def test_seconds_are_those_of_all_calls(images, tmp_path, clock):
    """Also of one that stopped, and of features for another store."""
    prior = pixels(2.)
    prior.model.bad = 100  # in the seventh block
    with pytest.raises(UserError, match='NaN'):
        make(images, prior, tmp_path / 'out')
    for _ in range(2):  # an end without a pass
        store = make(images, pixels(2.), tmp_path / 'out')
        # 9 blocks; each call looks at its first batch twice.
        assert store.manifest.feature_seconds == 2 * (9 + 2)
        (tmp_path / 'out' / 'meta.json').unlink()


@pytest.mark.parametrize('fault', [OSError(5, 'Input/output error'),
                                   RuntimeError('a defect')])
def test_fault_in_a_rank(images, tmp_path, monkeypatch, fault):
    append = journal.append_line

    def fails(file, line):
        if file.name == 'journal-1':
            raise fault
        append(file, line)

    monkeypatch.setattr(journal, 'append_line', fails)
    start = time.perf_counter()
    codes, said = run_ranks(
        lambda rank: make(images, pixels(), tmp_path / 'out'), 3,
        tmp_path)
    assert time.perf_counter() - start < 30
    assert codes == [2, 2, 2]
    for rank, text in enumerate(said):
        sentence = [line for line in text.splitlines() if 'error' in line]
        assert len(sentence) == 1 and 'Traceback' not in text
        assert f'rank {rank}' in sentence[0]
    assert str(fault) in said[1]
    assert not (tmp_path / 'out' / 'meta.json').exists()


def test_fault_of_the_first_rank_at_the_end(images, tmp_path, monkeypatch):
    def fails(*args):
        raise OSError(5, 'Input/output error')

    monkeypatch.setattr(generation, 'reduce', fails)
    codes, said = run_ranks(
        lambda rank: make(images, pixels(), tmp_path / 'out'), 2,
        tmp_path)
    assert codes == [2, 2] and 'Traceback' not in ''.join(said)
    assert not (tmp_path / 'out' / 'meta.json').exists()


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 20 kB: less than features, targets and PCA need."""
    disk = tmp_path / 'disk'
    disk.mkdir()
    mounted = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', 'size=20k', 'none', str(disk)],
        capture_output=True)
    if mounted.returncode:
        pytest.skip('cannot mount a small disk')
    yield disk
    subprocess.run(['umount', str(disk)], check=True)


def grow(disk, size: str) -> None:
    subprocess.run(['mount', '-o', f'remount,size={size}', str(disk)],
                   check=True)


def test_full_disk(images, tmp_path, whole, small_disk, capsys):
    """Full in features, in the PCA, in the targets; then there is room."""
    out, reached = small_disk / 'out', set()
    for size in range(20, 80, 4):
        grow(small_disk, f'{size}k')
        try:
            make(images, pixels(), out)
        except UserError as e:
            assert 'No space left' in str(e) and 'run the same' in str(e)
            assert not (out / 'meta.json').exists()
            reached.add(str(e).split(' (')[0].rpartition('/')[2])
        else:
            break
    assert content(out) == whole
    assert len(reached) >= 2, reached
    assert 'Traceback' not in capsys.readouterr().err


def test_old_processes_leave_no_files_behind(images, tmp_path, whole):
    out = tmp_path / 'out'
    (out / 'features').mkdir(parents=True)
    for name in ('targets.npy.0123456789abcdef.tmp',
                 'features/00001.npy.fedcba9876543210.tmp'):
        (out / name).write_bytes(os.urandom(100))
    (out / 'mine.tmp').write_bytes(b'')
    make(images, pixels(), out)
    assert [f.name for f in out.rglob('*.tmp')] == ['mine.tmp']
    assert content(out) == whole
    assert np.load(out / 'features' / '00008.npy').shape == (12, 27)


@pytest.mark.parametrize('place', ['out', 'features'])
def test_two_generations_at_once(images, tmp_path, whole, place):
    """The second one, of two ranks, is refused; the first one goes on.

    They share targets and features, or features alone.
    """
    first, second = tmp_path / 'out', tmp_path / 'out'
    if place == 'features':
        second = tmp_path / 'other'
    child = os.fork()
    if child == 0:
        code = 1
        try:
            shared(images, pixels(0.2), first, tmp_path)
            code = 0
        finally:
            os._exit(code)
    while not (tmp_path / 'features' / '.lock').exists():
        time.sleep(0.01)
    codes, said = run_ranks(
        lambda rank: shared(images, pixels(), second, tmp_path), 2, tmp_path)
    assert codes == [2, 2]
    assert f'error: process {child} on ' in said[0]
    assert f'writing to {tmp_path / place}: wait for it' in said[0]
    assert os.waitpid(child, 0)[1] == 0
    assert content(first) == whole
    shared(images, pixels(), second, tmp_path)
    assert content(second) == whole
    assert [*tmp_path.rglob('.lock')] == []


def shared(images, prior: Prior, out, tmp_path) -> None:
    generate(PriorImages(images, prior), out, K, block=BLOCK,
             features=tmp_path / 'features')
