"""What runs logged, drawn over each other."""
from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from mmengine.config import Config

from ..cli import ToolError
from ..figures import save
from .logs import curve, hand_over, read_log

# Logged name of each panel's curves, and how they are drawn.
PANELS = {
    "RELA's loss": {'rela_loss': '-'},
    "host's loss": {'host_loss': '-'},
    'λ': {'lambda': '-'},
    'ℓ_fast (solid), ℓ_slow (dotted)': {'rela_fast': '-', 'rela_slow': ':'},
    'kNN, top-1 %': {'knn_top1': 'o-'},
    'directions that features fill (RankMe; dashed: LiDAR)': {
        'rankme': 'o-', 'lidar': 'o--'},
    'alignment with the targets, %': {'alignment': 'o-'},
    'learning rate': {'lr': '-'},
    'images/s (of one rank)': {'speed': '-'},
}


def load(work_dir: Path) -> list[dict]:
    """The log of a run with the host's loss and the speed beside the rest.

    Raises:
        ToolError: nothing was logged there.
    """
    rows = read_log(work_dir)
    if not rows:
        raise ToolError(f'{work_dir} holds no log of tools/train.py '
                        '(*/vis_data/scalars.json)')
    batch = batch_size(work_dir)
    for row in rows:
        if 'rela_loss' not in row and 'loss' in row:
            row['host_loss'] = row['loss']
        if batch and row.get('time'):
            row['speed'] = batch / row['time']
    return rows


def batch_size(work_dir: Path) -> int | None:
    """Of one rank, as the config says that mmengine left there."""
    file = config_file(work_dir)
    if file is None:
        return None
    cfg = Config.fromfile(file, import_custom_modules=False)
    return cfg.train_dataloader.batch_size


def config_file(work_dir: Path) -> Path | None:
    """The config that mmengine left there, of the last start."""
    return max(work_dir.glob('*.py'), default=None,
               key=lambda file: file.stat().st_mtime)


def draw(logs: dict[str, list[dict]], file: Path) -> None:
    """Write the picture: one panel for each scalar that any run logged.

    Args:
        logs: See :func:`load`, by the runs' work directories.
        file: Where to.
    """
    panels = {title: styles for title, styles in PANELS.items()
              if any(key in row for key in styles
                     for rows in logs.values() for row in rows)}
    columns = min(3, len(panels))
    height = -(-len(panels) // columns)
    figure = Figure(figsize=(4.4 * columns, 3.2 * height), dpi=120,
                    layout='constrained')
    grid = figure.subplots(height, columns, squeeze=False, sharex=True)
    for axes, (title, styles) in zip(grid.flat, panels.items()):
        _panel(axes, styles, logs)
        axes.set(title=title, xlabel='step')
    for axes in grid.flat[len(panels):]:
        axes.axis('off')
    figure.legend(*grid.flat[0].get_legend_handles_labels(), fontsize=8,
                  loc='outside lower center')
    save(figure, file)


def _panel(axes: Axes, styles: dict[str, str],
           logs: dict[str, list[dict]]) -> None:
    for index, (name, rows) in enumerate(logs.items()):
        color = f'C{index % 10}'
        for key, style in styles.items():
            axes.plot(*curve(rows, key), style, color=color, markersize=3,
                      label=name, drawstyle='steps-post'
                      if key == 'lambda' else 'default')
        step = hand_over(Path(name), rows)
        if step is not None:
            axes.axvline(step, color=color, linestyle='--', linewidth=0.8)
