"""What a checkpoint must be of, for a training to go on from it."""
from __future__ import annotations

from collections.abc import Sequence

from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from ...errors import UserError

CURE = 'as its training had it, or load_from to it instead of --resume'


def require_rule(checkpoint: dict, rule: str) -> None:
    """Refuse to resume a training that has no such rule for λ.

    Args:
        checkpoint: As its file has it.
        rule: Class of the rule that is wanted.

    Raises:
        UserError: says what the checkpoint was written under.
    """
    state = checkpoint.get('rela')
    if state is None or state['rule'] != rule:
        raise UserError(
            'the checkpoint to resume from was written '
            + (f'under default_hooks.rela.schedule.type={state["rule"]}, '
               f'not {rule}' if state else 'without RELA')
            + ': to begin a training with its weights, set load_from to '
            'it instead of --resume')
    if 'clock' not in state:
        raise UserError(
            'the checkpoint to resume from is of an older mmrela, whose '
            'hosts had no clock of their own: end that training with it, '
            'or set load_from to the checkpoint instead of --resume')


def require_same(runner: Runner, checkpoint: dict) -> None:
    """Refuse to resume with another model or optimiser.

    mmengine 0.10.7 leaves out weights of other names or shapes with a
    warning alone, and fails over the optimiser's state, or at a later step.

    Args:
        runner: It is about to resume.
        checkpoint: As its file has it.

    Raises:
        UserError: says what differs.
    """
    given = checkpoint['state_dict']
    for name, value in get_ori_model(runner.model).named_parameters():
        found = given.get(name)
        if found is None or found.shape != value.shape:
            there = 'missing' if found is None else [*found.shape]
            raise UserError(
                f'the checkpoint to resume from is of another model: {name} '
                f'is {there} there, {[*value.shape]} here; set model {CURE}')
    if 'optimizer' in checkpoint and isinstance(
            runner.optim_wrapper, OptimWrapper) and _differ(
                checkpoint['optimizer']['param_groups'],
                runner.optim_wrapper.param_groups):
        raise UserError(
            'the checkpoint to resume from is of another optimiser, or one '
            f'with other groups of parameters; set optim_wrapper {CURE}')


def _differ(given: Sequence[dict], wanted: Sequence[dict]) -> bool:
    """Whether two optimisers' groups are of other sizes, or another kind."""
    if [len(group['params']) for group in given] != [
            len(group['params']) for group in wanted]:
        return True
    theirs, ours = ({key for key in groups[0] if not key.startswith(
        'initial_')} for groups in (given, wanted))
    return bool(theirs - ours and ours - theirs)  # newer torch has more
