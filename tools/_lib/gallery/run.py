"""What a work directory tells of its run."""
from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mmengine.config import Config

from mmrela.errors import UserError
from mmrela.targets import Manifest

from ..config import load_config
from ..training.curves import config_file
from ..training.logs import curve, hand_over, timed


@dataclass
class Finished:
    """A run, whose training may have been killed.

    Args:
        work_dir: Where it is.
        log: See :func:`~_lib.training.curves.load`.
    """
    work_dir: Path
    log: list[dict]

    @property
    def name(self) -> str:
        return str(self.work_dir)

    @cached_property
    def summary(self) -> dict:
        """What the end of a training leaves; empty before that."""
        file = self.work_dir / 'train.json'
        return json.loads(file.read_text()) if file.exists() else {}

    @cached_property
    def cfg(self) -> Config:
        """The config that mmengine left, around a plain one RELA's.

        Raises:
            UserError: there is none, or it does not load.
        """
        file = config_file(self.work_dir)
        if file is None:
            raise UserError(f'{self.work_dir} holds no config')
        return load_config(
            argparse.Namespace(config=str(file), cfg_options=None), rela=True)

    @property
    def store(self) -> Path:
        """Where its targets were."""
        return Path(self.cfg.train_dataloader.dataset.targets)

    @property
    def steps(self) -> int:
        return self.summary.get('steps') or max(
            curve(self.log, 'loss')[0], default=0)

    @cached_property
    def switch(self) -> int | None:
        """The step of the hand-over, ``None`` if there was none."""
        return hand_over(self.work_dir, self.log)

    @property
    def has_rela(self) -> bool:
        return any('rela_loss' in row for row in self.log)

    @property
    def rela_steps(self) -> int:
        """How long RELA's stage was, without what fades after it."""
        if self.switch is None:
            return self.steps * self.has_rela
        return self.summary.get('switch_step') or min(self.switch, max(
            curve(self.log, 'rela_loss')[0], default=0))

    @cached_property
    def seconds(self) -> dict[str, float]:
        """Of the targets, if they are there still, and of both stages."""
        found, steps, times = {}, *curve(self.log, 'time')
        if self.has_rela:
            try:
                made = Manifest.read(self.store)
                found['targets'] = (made.feature_seconds or 0) + (
                    made.pca_seconds or 0)
            except UserError:  # the spectrum's part says why
                pass
        logged = sum(s * (b - a) for s, a, b in zip(
            times, (0, *steps), steps))
        total = self.summary.get('train_seconds') or logged
        rela = timed(self.log, [(self.rela_steps, 0)], total)[0][1]
        stages = {"RELA's stage": rela, "host's stage": total - rela}
        return found | {k: v for k, v in stages.items() if v > 0}
