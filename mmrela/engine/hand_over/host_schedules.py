"""A config's ``param_scheduler`` entries, by stages."""
from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass


@dataclass(frozen=True)
class Lengths:
    """How long a training is, and how much of that is the host's.

    Attributes:
        steps: Of the run.
        epochs: Of the run, 1 where it goes by iterations.
        host_steps: From the host's first batch to the end of the run.
        host_epochs: The same, the one in which it begins included.
        batches: Of an epoch.
    """
    steps: int
    epochs: int
    host_steps: int
    host_epochs: int
    batches: int


def entries(given: dict | Sequence[dict] | None) -> list[dict]:
    """``param_scheduler`` as a list."""
    return [given] if isinstance(given, dict) else list(given or [])


def warm_ups(given: dict | Sequence[dict] | None) -> list[dict]:
    """What a recipe begins with, for a stage whose rate is constant.

    Rates as high as LARS has them need it with any loss.
    """
    return [deepcopy(entry) for entry in entries(given)
            if name_of(entry) == 'LinearLR' and not entry.get('begin', 0)]


def of_host(given: dict | Sequence[dict] | None,
            lengths: Lengths) -> list[dict]:
    """A recipe on the steps that are the host's.

    An end that is the run's becomes that of the host's own steps, as does a
    period that lasts until then; all else is counted from the hand-over.
    What would begin after the end is left out.
    """
    fitted = (_fit(deepcopy(entry), lengths) for entry in entries(given))
    return [entry for entry in fitted if entry]


def _fit(entry: dict, lengths: Lengths) -> dict | None:
    whole, own = _units(entry, lengths)
    begin, end = entry.get('begin', 0), entry.get('end', whole)
    if begin >= own:
        return None
    if end < whole:
        return entry
    for period in ('T_max', 'total_steps'):  # by default, what is left
        if entry.get(period) == end - begin:
            del entry[period]
    entry['end'] = own
    return entry


def _units(entry: dict, lengths: Lengths) -> tuple[float, float]:
    """Lengths of the run and of the host's part, as the entry counts."""
    if not entry.get('by_epoch', True):
        return lengths.steps, lengths.host_steps
    if not entry.get('convert_to_iter_based', False):
        return lengths.epochs, lengths.host_epochs
    # mmengine cuts epochs × batches to a whole number: half a step more
    # comes through that as the number of steps.
    return (lengths.steps / lengths.batches,
            (lengths.host_steps + 0.5) / lengths.batches)


def name_of(entry: dict) -> str:
    """The class of a schedule, without its module."""
    kind = entry['type']
    return (kind if isinstance(kind, str) else kind.__name__).split('.')[-1]
