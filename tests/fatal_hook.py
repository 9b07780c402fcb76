"""Hooks for trainings that tests kill; their configs import this file."""
import json
import os
import signal
from pathlib import Path

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmrela import checkpoints


@HOOKS.register_module()
class TraceHook(Hook):
    """Appends step, stage and samples of each batch to the rank's file."""
    priority = 'VERY_HIGH'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        samples = data_batch['data_samples']
        row = (runner.iter, 'rela_target' in samples[0],
               [s.sample_idx for s in samples])
        with open(trace_file(runner.work_dir, get_rank()), 'a') as f:
            f.write(json.dumps(row) + '\n')


def trace_file(work_dir, rank):
    return Path(work_dir) / f'trace-{rank}.jsonl'


def trace(work_dir, rank=0):
    """The last row of each step: a killed epoch is done again."""
    text = trace_file(work_dir, rank).read_text()
    rows = map(json.loads, text.splitlines())
    return {row[0]: row[1:] for row in rows}


@HOOKS.register_module()
class FatalHook(Hook):
    """Kills the process before step ``step``, or while it saves after it."""

    def __init__(self, step, saving=False):
        self.step, self.saving = step, saving

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.step and not self.saving:
            os.kill(os.getpid(), signal.SIGKILL)

    def before_save_checkpoint(self, runner, checkpoint):
        if runner.iter >= self.step and self.saving:
            checkpoints.write_atomically = die_half_way


def die_half_way(file, content):
    file.with_name(file.name + '.tmp').write_bytes(content[:len(content) // 2])
    os.kill(os.getpid(), signal.SIGKILL)
