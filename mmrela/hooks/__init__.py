from .adaptive_lambda import AdaptiveLambdaHook
from .determinism import DeterminismHook
from .online_knn import OnlineKNNHook
from .plain_checkpoint import PlainCheckpointHook

__all__ = ['AdaptiveLambdaHook', 'DeterminismHook', 'OnlineKNNHook',
           'PlainCheckpointHook']
