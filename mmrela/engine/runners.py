"""The runner that a config asks for."""
from __future__ import annotations

from mmengine.config import Config
from mmengine.registry import MODEL_WRAPPERS, RUNNERS
from mmengine.runner import Runner

from ..errors import UserError
from ..resolve import resolve
from .checks.requirements import require_ddp


def build_runner(cfg: Config) -> Runner:
    """Build it as mmpretrain's tools do: ``runner_type`` names its class.

    Raises:
        UserError: the config asks for what its runner would ignore, or for
            what RELA cannot train under.
    """
    runner = resolve(cfg.get('runner_type', 'Runner'), RUNNERS)
    is_plain = isinstance(runner, type) and issubclass(runner, Runner)
    name = getattr(runner, '__name__', '')
    if is_plain and cfg.get('strategy'):
        raise UserError(
            f'{name} would ignore strategy: remove it, or, '
            "without RELA, set runner_type='FlexibleRunner'")
    if 'rela' in cfg.get('default_hooks', {}):
        if runner and not is_plain:
            # Its strategies exist for FSDP, DeepSpeed and ColossalAI.
            raise UserError(
                f'RELA trains with the plain Runner, not {name}: '
                'remove runner_type and strategy from the config')
        wrapper = cfg.get('model_wrapper_cfg') or {}
        if 'type' in wrapper:
            kind = wrapper['type']
            require_ddp(resolve(kind, MODEL_WRAPPERS) or kind)
    return RUNNERS.build(cfg)
