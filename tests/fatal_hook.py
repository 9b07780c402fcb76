"""Hooks for trainings that tests kill; their configs import this file."""
import io
import json
import os
import signal
from pathlib import Path

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmrela.engine.hooks import AdaptiveLambdaHook
from mmrela.files import atomic as writing


@HOOKS.register_module()
class TraceHook(Hook):
    """Appends a row for each batch to the rank's file.

    Step, stage, samples, and the state of the rule: λ, ℓ_f and ℓ_s.
    """
    priority = 'VERY_HIGH'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        samples = data_batch['data_samples']
        hook = AdaptiveLambdaHook.of(runner)
        row = (runner.iter, 'rela_target' in samples[0],
               [s.sample_idx for s in samples], hook.schedule.state_dict())
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
    """Kills the process before step ``step``, or in the next checkpoint.

    Args:
        step: Which.
        saving: Where in the writing of a checkpoint, if there: in the
            middle of its bytes (``write``), or before the whole file gets
            its name (``rename``).
    """

    def __init__(self, step, saving=None):
        self.step, self.saving = step, saving

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.step and not self.saving:
            die()

    def before_save_checkpoint(self, runner, checkpoint):
        if runner.iter >= self.step and self.saving == 'write':
            writing.open = HalfFile
        elif runner.iter >= self.step and self.saving == 'rename':
            os.replace = die


class HalfFile(io.FileIO):
    """Takes half of what it is given, and kills the process."""

    def write(self, content):
        super().write(content[:len(content) // 2])
        die()


def die(*args):
    os.kill(os.getpid(), signal.SIGKILL)
