"""One row of a table with one seed."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from .settings import read_config, settings_key

PROBE = 'linear_top1'  # the score of a run, unless its table names another


@dataclass(frozen=True)
class Run:
    """One row of a table with one seed.

    Attributes:
        config: File that the tools get.
        options: Their ``--cfg-options``.
        generation: Arguments of ``gen_targets.py``; ``None`` for the host.
        store: Where its targets lie.
        probe_at: Epochs after which the linear probe is taken, too.
        cfg: The config with the options merged.
        key: Hash of all that decides the result.
        source: The run whose backbone is the prior, if one is.
        score: What its result is; but for the linear probe's, an entry of
            what the training leaves in ``train.json``.
    """
    table: str
    size: str
    row: str
    prior: str
    seed: int
    config: str
    options: dict
    generation: dict | None
    store: Path
    probe_epochs: int
    probe_at: tuple[int, ...]
    cfg: Config
    key: str
    work_dir: Path
    source: Run | None = None
    score: str = PROBE

    @property
    def epochs(self) -> int:
        """Of the training; 0 for a network that is probed untrained."""
        return self.cfg.train_cfg.max_epochs

    def checkpoint(self, epoch: int | None = None) -> Path:
        """What an epoch ends with; by default the last one."""
        return self.work_dir / f'epoch_{epoch or self.epochs}.pth'

    def probe(self, epoch: int) -> Path:
        """Where the linear probe after an epoch of ``probe_at`` is."""
        return self.work_dir / f'probe_{epoch}.json'

    def is_trained(self) -> bool:
        """Whether its checkpoint is there."""
        return (self.work_dir / 'train.json').exists()

    def is_current(self) -> bool:
        """Whether the config's files still say what they said."""
        cfg = read_config(self.config)
        cfg.merge_from_dict(self.options)
        key = settings_key(cfg, self.generation, self.probe_epochs)
        return key == self.key

    @property
    def prior_arguments(self) -> list[str]:
        """``gen_targets.py``'s for the prior.

        A run whose backbone is the prior must be trained.
        """
        arguments = dict(self.generation)
        if self.source:  # `of`, its key, becomes its checkpoint
            del arguments['of']
            config = next(self.source.work_dir.glob('*.py'))
            file = self.source.checkpoint()
            arguments['prior'] = f'checkpoint:{config},{file}'
        return [text for key, value in arguments.items()
                for text in (f'--{key.replace("_", "-")}', str(value))]

    @property
    def generator(self) -> tuple[str, list[str], Path]:
        """The tool that leaves the store, its arguments, its last file.

        A distilled data set is of the images that the source has learnt,
        whose targets stand beside each other for all such sets.
        """
        arguments = [*self.prior_arguments, '--out', str(self.store)]
        if 'ipc' not in self.generation:
            return ('gen_targets', [
                self.config, *arguments, *self.cfg_options],
                self.store / 'meta.json')
        everything = self.store.with_name(f'targets_of_{self.source.key}')
        return ('distill', [
            self.source.config, *arguments, *self.source.cfg_options,
            f'train_dataloader.dataset.targets={everything}'],
            self.store / 'targets' / 'meta.json')

    @property
    def cfg_options(self) -> list[str]:
        pairs = (f'{key}={value}' for key, value in self.options.items())
        return ['--cfg-options', *pairs]
