"""Hooks of mmengine's runner."""
from .adaptive_lambda import AdaptiveLambdaHook
from .channels_last import ChannelsLastHook
from .determinism import DeterminismHook
from .online_knn import OnlineKNNHook
from .plain_checkpoint import PlainCheckpointHook

__all__ = ['AdaptiveLambdaHook', 'ChannelsLastHook', 'DeterminismHook',
           'OnlineKNNHook', 'PlainCheckpointHook']
