"""Once imported, configs are dumped as they are, not laid out by yapf.

mmengine does that for the log and for each checkpoint; it would take three
quarters of a small training's time.
"""
from __future__ import annotations

from mmengine.config import config

config.FormatCode = lambda code, **_: (code, True)
