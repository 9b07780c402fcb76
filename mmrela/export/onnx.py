"""A backbone as an ONNX program, for runtimes without PyTorch."""
from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from ..errors import UserError
from ..files.atomic import replacing
from .recipe import TOLERANCE, compare
from .source import Source

NAMES = ('onnx', 'onnxruntime', 'onnxscript')


def carry_out(source: Source, out: Path) -> tuple[str, str]:
    """Write the program, run it by ONNX Runtime, and compare.

    It takes any number of images of ``source.side`` pixels, and gives
    features (n, d).

    Returns:
        What was done, and Python that runs it.

    Raises:
        UserError: a package is missing, the backbone has no such form, or
            features differ; nothing is written then.
    """
    try:
        program = _program(source)
    except ImportError as e:
        raise UserError(f'--to onnx needs {", ".join(NAMES)} ({e}): pip '
                        "install 'mmrela[onnx]'") from e
    except Exception as e:  # the exporter's own, whatever it is
        raise UserError(f'PyTorch cannot write the {source.kind} of '
                        f'{source.file} as ONNX ({type(e).__name__}): take '
                        'another --to') from e
    off = compare(source, _runner(program))
    if not off <= TOLERANCE:
        raise UserError(f'features by ONNX Runtime differ by {off:.2g}: take '
                        'another --to')
    with replacing(out) as f:
        f.write(program)
    side, channels = source.side, source.channels
    return (f'{out}: features by ONNX Runtime differ from ours by {off:.1e} '
            'of the largest', 'import onnxruntime\nsession = onnxruntime.'
            f'InferenceSession({str(out)!r})\nfeatures, = session.run(None, '
            "{'images': images})  # float32, "
            f'(n, {channels}, {side}, {side}) to (n, d)\n'
            f'{source.normalization()}')


def _program(source: Source) -> bytes:
    """The file's content; torch itself may leave weights beside it."""
    for name in NAMES:
        __import__(name)
    import onnx
    images = torch.zeros(2, source.channels, source.side, source.side)
    with TemporaryDirectory() as folder, warnings.catch_warnings(), \
            redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter('ignore')
        file = str(Path(folder, 'backbone.onnx'))
        torch.onnx.export(
            source.features, (images, ), file, input_names=['images'],
            output_names=['features'],
            dynamic_axes=dict(images={0: 'n'}, features={0: 'n'}))
        return onnx.load(file).SerializeToString()


def _runner(program: bytes) -> Callable[[Tensor], Tensor]:
    import onnxruntime
    session = onnxruntime.InferenceSession(program)
    return lambda images: torch.from_numpy(
        session.run(None, dict(images=images.numpy()))[0])
