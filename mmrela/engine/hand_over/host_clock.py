"""The host's recipe on the host's own steps."""
from __future__ import annotations

from collections.abc import Callable

from mmengine.runner import EpochBasedTrainLoop, Runner

from ...errors import UserError
from ...models.stage import is_rela
from .host_hooks import hosts_hooks, put_on_host_time
from .host_schedules import Lengths, entries, name_of, of_host, warm_ups


class HostClock:
    """Lets all that a host counts begin with its first batch.

    Until then its hooks (``custom_hooks``) see step and epoch 0, and prepare
    no step (``before_train_iter``); the learning rate is RELA's: constant,
    after the recipe's own linear warm-up if it has one. From then on hooks
    and the message hub, from which mmpretrain's ``CosineEMA`` reads, know of
    the host's steps alone; ``param_scheduler`` counts RELA's later ones,
    too. A training that begins without RELA is left as it is.

    Args:
        lr: Learning rate of the RELA stage, in the units of
            ``optim_wrapper.optimizer.lr``, which is the default; groups of
            parameters keep their factors.

    Raises:
        UserError: ``lr`` is no positive number; later: the optimiser has no
            rate from which to reach it.
    """

    def __init__(self, lr: float | None = None) -> None:
        if lr is not None and not (isinstance(lr, (int, float)) and lr > 0):
            raise UserError('default_hooks.rela.lr, the learning rate of the '
                            f'RELA stage, must be positive, got {lr!r}')
        self.lr = lr
        self._resumed = False
        self._step: int | None = None  # of the run, the host's first
        self._epoch = 0
        self._faded = 0  # see _relas_before

    def begin(self, runner: Runner, lam: int,
              relas: Callable[[int, int], int]) -> None:
        """Before the first step, also of a resumed training.

        Args:
            runner: The runner.
            lam: λ of the first step.
            relas: How many steps of [start, stop) after the hand-over are
                RELA's still; the host's counts leave them out.
        """
        self._relas, self._begun = relas, runner.iter
        if not self._resumed and not lam:
            self._step = 0
        if self._step == 0:
            return
        if not self._resumed:
            self._start_rela(runner)
        self._tell(runner)
        put_on_host_time(runner, self.counts)

    def enter(self, runner: Runner, batch: dict) -> None:
        """Before a batch: start with the first that is the host's."""
        if self._step is None and not is_rela(
                batch.get('data_samples')):
            self._step, self._epoch = runner.iter, runner.epoch
            self._faded, self._begun = 0, runner.iter
            self._start_host(runner)
            for hook in hosts_hooks(runner):  # its first epoch
                hook.before_train_epoch(runner)
        self._tell(runner)

    def state_dict(self, step: int) -> dict:
        """What a training that ends before a step is resumed with."""
        return dict(step=self._step, epoch=self._epoch,
                    faded=self._relas_before(step))

    def load_state_dict(self, runner: Runner, state: dict) -> None:
        """Build the schedulers whose state a checkpoint then restores."""
        self._resumed = True
        self._step, self._epoch = state['step'], state['epoch']
        self._faded = state.get('faded', 0)
        if self._step is None:
            self._start_rela(runner)
        elif self._step:
            self._start_host(runner)

    def since_rela(self, runner: Runner) -> int | None:
        """The host's step after a RELA stage; ``None`` without or within."""
        return runner.iter - self._step if self._step else None

    def counts(self, runner: Runner) -> dict[str, int]:
        """The host's ``iter``, ``epoch``, ``max_iters``, ``max_epochs``."""
        if self._step is None:  # it stands still
            return dict(iter=0, epoch=0, max_iters=runner.max_iters,
                        max_epochs=runner.max_epochs)
        done, of = (step - self._step - self._relas_before(step)
                    for step in (runner.iter, runner.max_iters))
        return dict(  # resumed with larger batches, some go on beyond the end
            iter=done, max_iters=max(of, done + 1),
            epoch=runner.epoch - self._epoch,
            max_epochs=runner.max_epochs - self._epoch)

    def _relas_before(self, step: int) -> int:
        """RELA's steps since the host's first, and before one to come.

        Those before a resume may have been drawn for another length.
        """
        return self._faded + self._relas(self._begun, step)

    def _tell(self, runner: Runner) -> None:
        if self._step:
            for name, count in self.counts(runner).items():
                runner.message_hub.update_info(name, count)

    def _start_rela(self, runner: Runner) -> None:
        rate = runner.optim_wrapper.optimizer.defaults['lr']
        if self.lr and not rate:
            raise UserError(
                f'default_hooks.rela.lr={self.lr} is in the units of '
                'optim_wrapper.optimizer.lr, which is 0: set that, too')
        if 'OneCycleLR' in map(name_of, _recipe(runner)):
            for group in runner.optim_wrapper.param_groups:
                group['initial_lr'] = rate  # it has put its own there
        factor = self.lr / rate if self.lr else 1
        _restart(runner, warm_ups(_recipe(runner)), factor)

    def _start_host(self, runner: Runner) -> None:
        by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        lengths = Lengths(
            runner.max_iters, runner.max_epochs,
            runner.max_iters - self._step, runner.max_epochs - self._epoch
            if by_epoch else 1, len(runner.train_dataloader))
        _restart(runner, of_host(_recipe(runner), lengths))


def _recipe(runner: Runner) -> list[dict]:
    return entries(runner.cfg.get('param_scheduler'))


def _restart(runner: Runner, schedulers: list[dict],
             factor: float = 1) -> None:
    """Set the optimiser back to its own rate, and begin with schedulers."""
    for group in runner.optim_wrapper.param_groups:
        group.setdefault('initial_lr', group['lr'])
        for name in [key for key in group if key.startswith('initial_')]:
            group[name[len('initial_'):]] = group[name]
        group['lr'] = group['lr'] * factor
    if runner.param_schedulers is not None:
        runner.param_schedulers = runner.build_param_scheduler(schedulers)
