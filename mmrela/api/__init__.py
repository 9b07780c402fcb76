"""What a checkpoint, or a prior, is good for: commands as calls.

Where a call takes a ``config``, that is a file, ``mmpretrain::METHOD/FILE.py``
or a config of mmengine, which stays as it is. A mistake is a ``UserError``,
whose sentence speaks of the commands' options.
"""
# ruff: noqa: F401
from .. import registry  # registers what configs name
from .networks import embed, export_backbone, load_backbone
from .scores import evaluate, knn, linear_probe
