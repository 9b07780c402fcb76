from .adaptive_lambda import AdaptiveLambdaHook
from .plain_checkpoint import PlainCheckpointHook

__all__ = ['AdaptiveLambdaHook', 'PlainCheckpointHook']
