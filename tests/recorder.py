"""The training that tests share, and the hook that notes what happens."""
from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner


class Recorder(Hook):
    """Notes of each step its stage, samples, views and losses.

    ``first`` is what the host's first step starts from: the model's state,
    the batch, and the random states of PyTorch and numpy.
    """
    priority = 'VERY_HIGH'

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.samples: list[list[int]] = []
        self.sides: list[list[list[int]]] = []  # (H, W) of each view
        self.losses: list[dict[str, float]] = []
        self.dtypes: list[dict[str, torch.dtype]] = []  # of the losses
        self.first: tuple[dict, dict, torch.Tensor, tuple] | None = None

    def before_train_iter(self, runner: Runner, batch_idx: int,
                          data_batch: dict) -> None:
        inputs, samples = data_batch['inputs'], data_batch['data_samples']
        is_rela = 'rela_target' in samples[0]
        self.stages.append('rela' if is_rela else 'host')
        self.samples.append([s.get('sample_idx') for s in samples])
        views = [inputs] if isinstance(inputs, torch.Tensor) else inputs
        self.sides.append([list(view.shape[-2:]) for view in views])
        if not is_rela and self.first is None:
            state = {name: value.clone() for name, value in
                     runner.model.state_dict().items()}
            # A copy: preprocessing writes into samples with labels.
            self.first = (state, deepcopy(data_batch), torch.get_rng_state(),
                          np.random.get_state())

    def after_train_iter(self, runner: Runner, batch_idx: int,
                         data_batch: dict,
                         outputs: dict[str, torch.Tensor]) -> None:
        self.losses.append({k: v.item() for k, v in outputs.items()})
        self.dtypes.append({k: v.dtype for k, v in outputs.items()})


def train(cfg: Config, recorder: Any = None) -> tuple[Runner, Any]:
    """Train as a config says; the runner and the recorder then."""
    runner, recorder = Runner.from_cfg(cfg), recorder or Recorder()
    runner.register_hook(recorder)
    runner.train()
    # Left to the garbage collector, torch waits seconds for each worker.
    runner.train_loop.dataloader_iterator = None
    runner.train_dataloader._iterator = None
    return runner, recorder
