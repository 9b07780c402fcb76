"""What a training takes in all, in words."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import get_world_size
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.utils import get_ori_model

from mmrela.engine import latest
from mmrela.generation.dry_run import free, in_bytes, span

from .steps import Stage
from .window import Window


@dataclass
class Plan:
    """Sizes of a training.

    Attributes:
        images: Of the data set.
        batch: Images a step.
        processes: That share these.
        epoch: Steps of one.
        steps: Of the training.
        accumulation: Steps of one step of the optimiser.
        by_epoch: Whether the training counts epochs.
        weights: Bytes of the parameters.
        saved: Bytes of a checkpoint without the optimiser's state.
    """
    images: int
    batch: int
    processes: int
    epoch: int
    steps: int
    accumulation: int
    by_epoch: bool
    weights: int
    saved: int

    @classmethod
    def of(cls, runner: Runner) -> Plan:
        loader, model = runner.train_dataloader, get_ori_model(runner.model)
        size = get_world_size()
        return cls(
            len(loader.dataset), size * loader.batch_sampler.batch_size, size,
            len(loader), runner.max_iters,
            runner.optim_wrapper._accumulative_counts,
            isinstance(runner.train_loop, EpochBasedTrainLoop),
            sum(p.nbytes for p in model.parameters()),
            sum(t.nbytes for t in model.state_dict().values()))

    def tell(self) -> str:
        """Images and steps."""
        processes = f'{self.processes} process' + 'es' * (self.processes > 1)
        return (f'images: {self.images}, {self.batch} a step of {processes}: '
                f'{self.epoch} steps an epoch, {self.steps} in all')


def time_of(plan: Plan, stages: dict[str, Stage],
            found: Window | None, fade: float = 0) -> str:
    """Seconds an epoch of each stage, and of the training."""
    parts = [f'{span(plan.epoch * stage.seconds)} an epoch of {name}'
             for name, stage in stages.items()]
    seconds = [stage.seconds for stage in stages.values()]
    few, most = found.ends(plan.steps, fade) if found else (0, 0)
    wholes = sorted({span(steps * seconds[0]
                          + (plan.steps - steps) * seconds[-1])
                     for steps in (few, most)})
    waits = [name for name, stage in stages.items()
             if stage.seconds > 1.5 * stage.step]
    return (f'time: {", ".join(parts)}; {" to ".join(wholes)} in all, without '
            'scores and checkpoints'
            + f'; {" and ".join(waits)} mostly wait for images' * bool(waits))


def memory_of(plan: Plan, stages: dict[str, Stage], gpu: bool) -> str:
    """What each process needs."""
    state = sum(state_of(stages).values())
    parts = [f'{in_bytes(plan.weights)} of parameters',
             f"{in_bytes(state)} of optimiser's state"]
    parts += [f'{in_bytes(stage.kept)} of activations of {name}'
              for name, stage in stages.items() if stage.kept]
    peak = max(stage.peak for stage in stages.values())
    return (f'memory: {", ".join(parts)}; at most {in_bytes(peak)} '
            f'{"of the GPU" if gpu else "in the process"}')


def state_of(stages: dict[str, Stage]) -> dict[str, int]:
    """Bytes of the optimiser's state after all stages, by parameter."""
    return {name: size for stage in stages.values()
            for name, size in stage.state.items()}


def disk_of(cfg: Config, plan: Plan, stages: dict[str, Stage]) -> str:
    """What checkpoints take at most."""
    size = plan.saved + sum(state_of(stages).values())
    count = sum(checkpoints(hook, plan)
                for hook in latest.checkpoint_hooks(cfg))
    place = Path(cfg.work_dir)
    return (f'disk: {count} checkpoint{"s" * (count != 1)} of '
            f'{in_bytes(size)}, {in_bytes(count * size)} in all; {place} has '
            f'{in_bytes(free(place.absolute()))} free')


def checkpoints(hook: dict, plan: Plan) -> int:
    """How many a ``CheckpointHook`` leaves, by its config."""
    by_epoch = hook.get('by_epoch', True)
    total = plan.steps // plan.epoch if by_epoch else plan.steps
    interval, most = hook.get('interval', -1), hook.get('max_keep_ckpts', -1)
    count = total // interval if interval > 0 else 0
    if hook.get('save_last', True) and (interval < 0 or total % interval):
        count += 1
    if most > 0:
        count = min(count, most)
    best = hook.get('save_best') or []
    return count + (1 if isinstance(best, str) else len(best))
