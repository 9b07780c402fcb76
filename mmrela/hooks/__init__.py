from .adaptive_lambda import AdaptiveLambdaHook
from .determinism import DeterminismHook
from .plain_checkpoint import PlainCheckpointHook

__all__ = ['AdaptiveLambdaHook', 'DeterminismHook', 'PlainCheckpointHook']
