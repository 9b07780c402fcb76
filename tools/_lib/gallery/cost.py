"""What runs took."""
from __future__ import annotations

from collections.abc import Sequence

from mmrela.generation.dry_run import span

from .parts import legend, table
from .run import Finished

STAGES = {'targets': 'c3', "RELA's stage": 'c0', "host's stage": 'c1'}


def cost(runs: Sequence[Finished]) -> str:
    """Images, and seconds of targets and stages."""
    bars, rows = '', []
    for run in runs:
        seconds = run.seconds
        images = [f'{run.cfg.train_dataloader.batch_size * steps:,}'
                  for steps in (run.rela_steps, run.steps - run.rela_steps)]
        rows.append([run.name, *images, *(
            f'{seconds[name]:,.1f}' if name in seconds else '–'
            for name in STAGES), run.summary.get('device', '–')])
        if len(runs) == 1:
            bars = '<div class="bar">' + ''.join(
                f'<div class="{STAGES[name]}" style="flex-grow:{s:.3f}" '
                f'title="{name}: {span(s)}"></div>'
                for name, s in seconds.items()) + '</div>'
            bars += legend((STAGES[name], f'{name}: {span(s)}')
                           for name, s in seconds.items())
    each = ' of each rank' * any(
        run.cfg.get('launcher', 'none') != 'none' for run in runs)
    head = ['run', f"images{each}, RELA's stage", f"images{each}, host's", *(
        f'{name}, s' for name in STAGES), 'device']
    return bars + table(head, rows)
