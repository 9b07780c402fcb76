"""The study's figures as Markdown and JSON."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mmrela.files.atomic import write_atomically

from ..markdown import table
from .formulas import mean_and_error
from .pictures import draw
from .study import AT, Study, Sweep, spearman_rows


def write(found: Study, folder: Path) -> None:
    """Write study.md, study.json and the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    draw(found, folder)
    record = json.dumps(numbers(found), indent=1)
    write_atomically(folder / 'study.json', record.encode())
    write_atomically(folder / 'study.md', markdown(found).encode())


def numbers(found: Study) -> dict:
    """All figures but the pictures' curves."""
    return dict(
        seeds=found.samples.excess.shape[-1],
        least=found.least, ends=found.ends,
        samples=_sweep_numbers(found.samples),
        targets=_sweep_numbers(found.targets),
        theorem1=found.theorem1, theorem2=found.theorem2,
        boundary=found.boundary, overlap=found.overlap)


def _sweep_numbers(sweep: Sweep) -> dict:
    return dict(
        settings=sweep.settings, steps=AT,
        excess=[[mean_and_error(runs) for runs in settings]
                for settings in sweep.excess],
        spearman=spearman_rows(sweep), plane=sweep.landscape.share)


def markdown(found: Study) -> str:
    """Tables under headings."""
    parts = {
        'Excess loss against Σ': _excess_table(found.samples, {
            'Σ': found.samples.settings, 'of its posterior': [
                f'{end:.4f}' for end in found.ends]}),
        'Excess loss against ρ': _excess_table(found.targets, {
            'ρ': found.targets.settings}),
        'Rank correlation of the excess': _spearman_table(found),
        'Theorem 1': _theorem1_table(found.theorem1),
        'Theorem 2': _theorem2_table(found.theorem2),
        'Boundary': _boundary_table(found.boundary),
        'Overlap': _overlap_table(found.overlap),
    }
    return '\n'.join(f'### {title}\n\n{text}\n'
                     for title, text in parts.items())


def _excess_table(sweep: Sweep, beside: dict[str, list]) -> str:
    head = [*beside, *(f'after {steps:,} steps' for steps in AT)]
    after = [[_pair(mean_and_error(runs)) for runs in settings]
             for settings in sweep.excess]
    return table(head, zip(*beside.values(), *after))


def _spearman_table(found: Study) -> str:
    head = ['with', 'after steps', 'mean over seeds', 'all runs',
            'a seed, median', 'a seed, least']
    keys = 'means', 'runs', 'median', 'least'
    return table(head, (
        [name, f'{row["steps"]:,}', *(f'{row[key]:.2f}' for key in keys)]
        for name, sweep in (('Σ', found.samples), ('1 − ρ', found.targets))
        for row in spearman_rows(sweep)))


def _theorem1_table(rows: list[dict]) -> str:
    shapes = sorted({row['shape'] for row in rows})
    return table(['β', *_DISTANCES], ([f'{shape:g}', *_distances([
        row for row in rows if row['shape'] == shape])] for shape in shapes))


def _distances(rows: list[dict]) -> list[object]:
    off = np.array([row['off'] for row in rows])
    broken = sum(row['excess'] > row['excess_bound']
                 or row.get('distance', 0) > row.get('bound', 0)
                 for row in rows)
    return [len(off), f'{np.abs(off).max():.2f}',
            f'{100 * (np.abs(off) < 1.96).mean():.0f}',
            f'{(off**2).mean():.2f}', broken]


_DISTANCES = ['settings', 'largest distance, SE', 'within ± 1.96 SE, %',
              'mean of squared distances, SE²', 'bounds that do not hold']


def _theorem2_table(rows: list[dict]) -> str:
    head = ['Σ', 'ρ', 'E(θ − θ*)², formula', 'simulated', 'off, SE',
            'E\\|θ − θ*\\|', 'its bound', 'excess error', 'its bound']
    shown = [row for row in rows if row['rate'] == 0.1
             and row['steps'] == 100]
    keys = 'distance', 'bound', 'excess', 'excess_bound'
    return table(head, (
        [row['spread'], row['rho'], f'{row["formula"]:.4f}',
         _pair((row['simulated'], row['error'])), f'{row["off"]:+.2f}',
         *(f'{row[key]:.4f}' for key in keys)] for row in shown)
    ) + '\n\nAll settings:\n\n' + table(_DISTANCES, [_distances(rows)])


def _boundary_table(rows: list[dict]) -> str:
    return table(['Σ', 'likelihoods', 'samples', 'networks'], (
        [row['sigma'], f'{row["likelihoods"]:.4f}', _pair(row['samples']),
         _pair(row['networks'])] for row in rows))


def _overlap_table(rows: list[dict]) -> str:
    head = ['kα', '2Φ(−Δμ/2s)', 'sampled', 'eq. 34 as printed']
    return table(head, (
        [row['augmentation'], f'{row["formula"]:.4f}',
         _pair(row['sampled']), f'{row["printed"]:.4f}'] for row in rows))


def _pair(pair: tuple[float, float]) -> str:
    mean, error = pair
    return f'{mean:.4f} ± {error:.4f}'
