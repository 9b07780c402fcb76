"""Checkpoints that are whole, and load without trusting them."""
from __future__ import annotations

import numpy as np
import torch
from mmengine.hooks import CheckpointHook, Hook
from mmengine.logging import HistoryBuffer
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ..checkpoints import write_whole


@HOOKS.register_module()
class PlainCheckpointHook(Hook):
    """Keeps Python objects out of checkpoints, and halves out of their files.

    mmengine stores its log as ``HistoryBuffer`` objects, which
    ``torch.load(weights_only=True)``, the default since torch 2.6, refuses
    (mmengine#1655): a run could not resume from its own checkpoint. Here
    they are saved as tensors and come back as buffers.

    Adam's step counters come back on the CPU, where it reads one for each
    weight at each step; mmengine would leave them on the GPU.

    A kill while the runner's ``CheckpointHook`` writes to a local directory
    leaves the checkpoint that was there, or none.
    """

    def before_run(self, runner: Runner) -> None:
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook):
                write_whole(hook, runner.work_dir)

    def before_save_checkpoint(self, runner: Runner,
                               checkpoint: dict) -> None:
        hub = checkpoint['message_hub']
        hub['log_scalars'] = {
            key: _to_tensors(buffer)
            for key, buffer in hub['log_scalars'].items()}
        hub['runtime_info'] = {
            key: value.item() if isinstance(value, np.generic) else value
            for key, value in hub['runtime_info'].items()}
        hub['resumed_keys'] = {  # mmengine keeps those of dropped scalars
            key: value for key, value in hub['resumed_keys'].items()
            if key in hub['log_scalars'] or key in hub['runtime_info']}
        for state in checkpoint.get('param_schedulers') or ():
            if 'milestones' in state:  # a Counter, which torch 2.1 refuses
                state['milestones'] = dict(state['milestones'])

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        log = checkpoint.get('message_hub', {}).get('log_scalars', {})
        for key, value in log.items():
            if isinstance(value, dict):
                log[key] = _to_buffer(value)
        optimizer = checkpoint.get('optimizer', {})
        for state in optimizer.get('state', {}).values():
            if torch.is_tensor(state.get('step')):
                state['step'] = state['step'].cpu()


def _to_tensors(buffer: HistoryBuffer) -> dict:
    values, counts = buffer.data
    return dict(
        values=torch.as_tensor(np.asarray(values)),
        counts=torch.as_tensor(np.asarray(counts)),
        max_length=buffer.max_length)


def _to_buffer(state: dict) -> HistoryBuffer:
    return HistoryBuffer(state['values'].tolist(), state['counts'].tolist(),
                         state['max_length'])
