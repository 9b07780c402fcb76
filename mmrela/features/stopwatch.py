"""Where the time of a loop goes."""
from __future__ import annotations

import time
from collections import defaultdict


class Stopwatch:
    """Adds up seconds by name.

    Example:
        >>> watch = Stopwatch()
        >>> for batch in loader:
        ...     watch.lap('decode')
        ...     model(batch)
        ...     watch.lap('forward')
        >>> print(watch)
        decode 31 %, forward 69 %
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget all laps."""
        self.seconds: dict[str, float] = defaultdict(float)
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Give the time since the last lap to ``name``."""
        now = time.perf_counter()
        self.seconds[name] += now - self._last
        self._last = now

    def skip(self) -> None:
        """Give the time since the last lap to nobody."""
        self._last = time.perf_counter()

    @property
    def total(self) -> float:
        """Seconds of all laps."""
        return sum(self.seconds.values())

    def __str__(self) -> str:
        return ', '.join(f'{name} {100 * s / self.total:.0f} %'
                         for name, s in self.seconds.items()
                         if 0 < self.total <= 200 * s)
