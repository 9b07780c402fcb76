"""One rank of trainings: train_rank.py DIR [DIR …], under torchrun.

Each directory holds a ``config.py`` and gets what this rank saw.
"""
import json
import os
import sys
from pathlib import Path

import shortcuts  # noqa: F401
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmrela.engine import cpu_ranks


class Stages(Hook):

    def __init__(self):
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        is_rela = 'rela_target' in data_batch['data_samples'][0]
        self.seen.append('rela' if is_rela else 'host')


def main(out: Path) -> None:
    cfg = Config.fromfile(out / 'config.py')
    cfg.launcher = 'pytorch'
    cpu_ranks.init_cpu_ranks(cfg)
    runner = Runner.from_cfg(cfg)
    stages = Stages()
    runner.register_hook(stages)
    runner.train()
    rule = next(h for h in runner.hooks if hasattr(h, 'switch_step'))
    rank = os.environ['RANK']
    (out / f'rank{rank}.json').write_text(json.dumps(dict(
        stages=stages.seen, switch_step=rule.switch_step,
        state=rule.schedule.state_dict())))
    # BN's running statistics are each rank's own without SyncBN.
    parameters = dict(runner.model.module.named_parameters())
    torch.save({k: v.detach() for k, v in parameters.items()},
               out / f'rank{rank}.pth')


if __name__ == '__main__':
    for directory in sys.argv[1:]:
        main(Path(directory))
