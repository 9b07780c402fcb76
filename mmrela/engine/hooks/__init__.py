"""Hooks of mmengine's runner."""
from .adaptive_lambda import AdaptiveLambdaHook
from .channels_last import ChannelsLastHook
from .determinism import DeterminismHook
from .device_colours import DeviceColoursHook
from .plain_checkpoint import PlainCheckpointHook
from .seconds import SecondsHook

__all__ = ['AdaptiveLambdaHook', 'ChannelsLastHook', 'DeterminismHook',
           'DeviceColoursHook', 'PlainCheckpointHook', 'SecondsHook']
