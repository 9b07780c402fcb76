"""Runs the rule for λ beside the training, and tells the sampler."""
from __future__ import annotations

from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner
from mmpretrain.registry import TASK_UTILS
from mmpretrain.utils import get_ori_model

from ... import schedule as schedules
from ...datasets.host import fit_channels
from .. import compat
from ..checks.requirements import FiniteLoss, require, require_trained
from ..checks.resumed import require_rule, require_same
from ..checks.trial import try_stages
from ..hand_over.backbone_hold import BackboneHold
from ..hand_over.fade import require_share
from ..hand_over.host_clock import HostClock
from ..hand_over.stage_ddp import StageDDP
from ..hand_over.stage_log import StageLog
from ..hand_over.staged_loader import StagedLoader

for _rule in (schedules.AdaptiveLambda, schedules.FixedLambda):
    TASK_UTILS.register_module(module=_rule)


@HOOKS.register_module()
class AdaptiveLambdaHook(Hook):
    """Feeds the RELA loss to a rule for λ; hands over when λ falls to 0.

    Once per optimiser step the rule gets the loss's mean over ranks and
    accumulated batches. Batches that are already in flight at that moment,
    min(workers × prefetch factor, those left in the epoch), are still
    RELA's; all later ones are the host's, on every rank alike, or with
    ``fade`` ever more of them. λ and the rule's averages are logged as
    ``lambda``, ``rela_fast``, ``rela_slow``.

    Args:
        schedule: Config of a :class:`~mmrela.schedule.LambdaRule`:
            ``AdaptiveLambda`` (Algorithm 1) or ``FixedLambda`` (Fig. 4b);
            ``dict(type='FixedLambda', fraction=0)`` is the plain host.
        lr: Learning rate of the RELA stage; the host's own begins at the
            hand-over, by
            :class:`~mmrela.engine.hand_over.host_clock.HostClock`.
        hold: Steps of the host that leave the backbone as it is; see
            :class:`~mmrela.engine.hand_over.backbone_hold.BackboneHold`.
        fade: λ just after the hand-over, from which it falls to 0 at the
            end; see :class:`~mmrela.engine.hand_over.fade.Fade`.

    Raises:
        UserError: of the rule; before the training: see
            :func:`~mmrela.engine.checks.requirements.require`, or the
            targets do not do; later: the RELA loss is lost for good (see
            :class:`~mmrela.engine.checks.requirements.FiniteLoss`); on
            resuming: the checkpoint is of another rule, model or optimiser,
            or of a training without RELA.
    """

    priority = 'VERY_HIGH'  # the others see the host's first batch as such

    def __init__(self, schedule: dict | None = None,
                 lr: float | None = None, hold: int = 0,
                 fade: float = 0) -> None:
        require_share(fade, hold)
        self.schedule: schedules.LambdaRule = TASK_UTILS.build(
            schedule or dict(type='AdaptiveLambda'))
        self.switch_step: int | None = None
        self._length: int | None = None  # when the training first began
        self._host_from = 0  # see StagedLoader
        self._losses: list[float] = []
        self._finite = FiniteLoss()
        self._fade = fade
        self._ddp = StageDDP(keep=bool(fade))
        self._clock = HostClock(lr)
        self._hold = BackboneHold(hold)
        self._log = StageLog()

    @classmethod
    def of(cls, runner: Runner) -> AdaptiveLambdaHook | None:
        """The runner's own; ``None`` where it trains without RELA."""
        return next((h for h in runner.hooks if isinstance(h, cls)), None)

    def before_train(self, runner: Runner) -> None:
        model = get_ori_model(runner.model)
        require(runner, model)
        self._hold.require(model)
        fit_channels(runner.train_dataloader.dataset.dataset, runner.cfg)
        accumulation = runner.optim_wrapper._accumulative_counts
        self._length = self._length or _length(runner)
        self.schedule.begin(runner.max_iters * self._length // _length(
            runner) // accumulation)
        self._loader = StagedLoader(
            runner.train_dataloader, accumulation, self._host_from,
            runner.max_iters, self._fade)
        rela = self._loader.start(self.schedule.lam, runner.iter)
        if rela:
            require_trained(runner, model)
            runner.train_dataloader.dataset.check_targets(
                model.rela_head.out_channels)
        try_stages(runner, model, [1, 0] if rela else [0])
        compat.count_once(model)
        if runner.cfg.get('compile'):  # each stage once
            compat.keep_eager(model, runner.optim_wrapper)
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            runner.train_loop.dataloader_iterator = self._loader.batches(
                runner.iter)
        self._clock.begin(runner, self.schedule.lam, self._loader.relas)

    def before_train_epoch(self, runner: Runner) -> None:
        self._loader.enter(runner.iter)

    def before_train_iter(self, runner: Runner, batch_idx: int,
                          data_batch: dict) -> None:
        self._log.enter(runner.message_hub, data_batch)
        self._clock.enter(runner, data_batch)
        step = self._clock.since_rela(runner)
        held = self._hold.enter(
            get_ori_model(runner.model),
            step if step is None else step // self._loader.accumulation)
        self._ddp.enter(runner, data_batch, held)

    def after_train_iter(self, runner: Runner, batch_idx: int,
                         data_batch: dict, outputs: dict) -> None:
        self._log.leave(outputs)
        if 'rela_loss' in outputs:
            loss = outputs['rela_loss'].detach().float().clone()
            all_reduce(loss, 'mean')
            self._losses.append(loss.item())
        if not runner.optim_wrapper.should_update():
            return
        if self._losses:
            loss = sum(self._losses) / len(self._losses)
            self._losses.clear()
            self._finite.check(loss)
            self.schedule.update(loss)
        if self._loader.sampler.lam and not self.schedule.lam:
            self._hand_over(runner)
        self._log.tell(runner.message_hub, self._scalars(runner.iter))

    def _hand_over(self, runner: Runner) -> None:
        self.switch_step = runner.iter + 1
        in_flight = self._loader.hand_over(self.switch_step)
        self._host_from = self._loader.host_from
        runner.logger.info(
            f'RELA hands over at step {self.switch_step}: λ falls to '
            f'{self._fade:g}; up to {in_flight} batches in flight are still '
            "RELA's, then the host's own loss and views take over.")

    def _scalars(self, step: int) -> dict[str, float]:
        scalars = self.schedule.scalars()
        if not self.schedule.lam:
            scalars['lambda'] = self._loader.fade.lam(
                max(step, self._host_from))
        return scalars

    def after_train(self, runner: Runner) -> None:
        if self.schedule.lam and not self.schedule.alone:
            runner.logger.warning(
                f'λ was still 1 after {runner.iter} steps: this run was RELA '
                "alone and never reached the host's own loss. Train longer, "
                'or set default_hooks.rela.schedule ("Knobs" in '
                'tools/README.md).')

    def before_save_checkpoint(self, runner: Runner,
                               checkpoint: dict) -> None:
        checkpoint['rela'] = dict(
            rule=type(self.schedule).__name__,
            schedule=self.schedule.state_dict(),
            switch_step=self.switch_step,
            length=self._length,
            host_from=self._host_from,
            clock=self._clock.state_dict(checkpoint['meta']['iter']),
            losses=list(self._losses))

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if not runner._resume:  # weights alone are wanted
            return
        require_rule(checkpoint, type(self.schedule).__name__)
        require_same(runner, checkpoint)
        state = checkpoint['rela']
        self.schedule.load_state_dict(state['schedule'])
        self.switch_step = state['switch_step']
        self._length = state.get('length')
        self._host_from = state.get('host_from', 0)
        self._losses = list(state['losses'])
        self._clock.load_state_dict(runner, state['clock'])


def _length(runner: Runner) -> int:
    """Epochs of the training, or its steps where it counts those."""
    by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
    return runner.max_epochs if by_epoch else runner.max_iters
