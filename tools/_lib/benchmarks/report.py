"""A benchmark's result as Markdown."""
from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from ..markdown import table


def markdown(result: dict) -> str:
    """Both tables, of what :meth:`.plan.Plan.run` returned."""
    lines = [
        f'### {result["title"]}', '',
        f'{result["device"]}, {result["threads"]} of {result["cores"]} '
        f'threads, load {result["load"]} at the start, '
        f'torch {result["torch"]}; {result["rounds"]} rounds in turn.', '']
    lines += [table(['case', 'seconds', 'least', 'largest', 'images/s'],
                    _case_rows(result))]
    if result['ratios']:
        percent = f'{100 * result["coverage"]:.4g} %'
        lines += ['', table(['ratio', 'median', f'interval ({percent})'],
                            map(_ratio_row, result['ratios']))]
    for name, value in result.get('notes', {}).items():
        lines += ['', f'{name}: {value}']
    return '\n'.join(lines)


def _case_rows(result: dict) -> Iterable[list[str]]:
    for name, seconds in result['seconds'].items():
        middle = median(seconds)
        yield [name, *(f'{s:.4g}' for s in (
            middle, min(seconds), max(seconds), result['images'] / middle))]
    for name, reason in result['missing'].items():
        yield [name, reason, '', '', '']


def _ratio_row(ratio: dict) -> list[str]:
    return [ratio['name'], f'{ratio["ratio"]:.3f}',
            f'{ratio["low"]:.3f} to {ratio["high"]:.3f}']
