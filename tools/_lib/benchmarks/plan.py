"""Timings in turn, the ratios between them, and how both are told."""
from __future__ import annotations

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from tqdm import trange

Case = Callable[[], object]


@dataclass(frozen=True)
class Ratio:
    """How long one case takes, measured by another.

    Attributes:
        name: What the ratio tells.
        of: The case above the line.
        to: The case below it.
    """
    name: str
    of: str
    to: str

    def measure(self, seconds: dict[str, list[float]]) -> dict:
        """Median of the rounds' quotients, from the least to the largest.

        Without assumptions about their distribution, this interval holds
        the true median with probability :func:`coverage`.
        """
        quotients = [a / b for a, b in zip(seconds[self.of],
                                           seconds[self.to])]
        return dict(name=self.name, of=self.of, to=self.to,
                    low=min(quotients), high=max(quotients),
                    ratio=statistics.median(quotients))


@dataclass
class Plan:
    """What a sub-command measures.

    Attributes:
        title: Of the table.
        cases: What is timed, by name, in this order.
        ratios: What is compared.
        images: Images (rows of features) that one call of a case handles.
        warm_up: Calls of each case before the first measurement.
        missing: Cases that cannot run here, and why.
        facts: More that the result tells.
        cpu: Whether the processor's time counts, of all threads, instead
            of the clock's: a busy machine lengthens it less.
    """
    title: str
    cases: Mapping[str, Case]
    ratios: list[Ratio]
    images: int
    warm_up: int = 3
    missing: dict[str, str] = field(default_factory=dict)
    facts: dict = field(default_factory=dict)
    cpu: bool = False

    def run(self, rounds: int, least: float) -> dict:
        """Measure and compare, see :func:`interleave`."""
        about = environment()
        seconds = interleave(
            self.cases, rounds, least, self.warm_up, self.cpu)
        ratios = [ratio.measure(seconds) for ratio in self.ratios
                  if ratio.of in seconds and ratio.to in seconds]
        return dict(title=self.title, images=self.images, rounds=rounds,
                    coverage=coverage(rounds), **about, **self.facts,
                    seconds=seconds, missing=self.missing, ratios=ratios)


def environment() -> dict:
    """What timings depend on, as it is before they start."""
    return dict(
        device=torch.cuda.get_device_name() if torch.cuda.is_available()
        else f'CPU ({platform.machine()})',
        threads=torch.get_num_threads(), cores=os.cpu_count(),
        load=round(os.getloadavg()[0], 2), torch=torch.__version__)


def coverage(rounds: int) -> float:
    """Chance that the true median lies between the least and the largest."""
    return 1 - 2 * 0.5**rounds


def interleave(cases: Mapping[str, Case], rounds: int, least: float,
               warm_up: int, cpu: bool = False) -> dict[str, list[float]]:
    """Time the cases in turn, so that what drifts hits all of them.

    Args:
        cases: What to call, by name.
        rounds: How often each case's turn comes.
        least: Seconds that a turn should last: it repeats short calls.
        warm_up: Calls of each case before; the last one's duration tells
            how often to repeat. Without any, a turn is one call.
        cpu: See :class:`Plan`.

    Returns:
        Seconds per call, one number a round, by the cases' names.
    """
    calls = {}
    for name, case in cases.items():
        once = [timed(case, 1, cpu) for _ in range(warm_up)]
        calls[name] = math.ceil(least / once[-1]) if once else 1
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in trange(rounds, desc='benchmark', unit='round'):
        for name, case in cases.items():
            seconds[name].append(timed(case, max(1, calls[name]), cpu))
    return seconds


def timed(case: Case, calls: int, cpu: bool = False) -> float:
    """Seconds per call, the GPU's work included."""
    clock = time.process_time if cpu else time.perf_counter
    synchronize()
    start = clock()
    for _ in range(calls):
        case()
    synchronize()
    return (clock() - start) / calls


def synchronize() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
