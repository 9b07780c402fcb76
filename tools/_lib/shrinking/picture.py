"""One picture, shrunk and written in its own format."""
from __future__ import annotations

from io import BytesIO

from PIL import Image

# What is written back, and how. A second frame of an MPO is another view of
# the same scene, which no loader looks at.
SETTINGS = dict(JPEG=dict(quality=90), MPO=dict(quality=90), PNG={},
                WEBP=dict(quality=90), TIFF={}, BMP={})
# Modes that Pillow resizes well -> what they become.
MODES = {mode: mode for mode in ('L', 'LA', 'RGB', 'RGBA', 'CMYK')}
MODES |= {'1': 'L', 'P': 'RGBA'}


def shrunk(content: bytes, side: int) -> bytes | None:
    """A picture file whose short side has so many pixels.

    Orientation and colour profile come along.

    Args:
        content: Of a picture's file.
        side: Pixels of the short side.

    Returns:
        Content of the same format; ``None`` for one that should stay as it
        is: small enough, animated, or of another mode or format.

    Raises:
        OSError, ValueError and what else Pillow says of a damaged file.
    """
    with Image.open(BytesIO(content)) as image:
        kind, frames = image.format, getattr(image, 'n_frames', 1)
        if (kind not in SETTINGS or image.mode not in MODES
                or min(image.size) <= side or frames > 1 and kind != 'MPO'):
            image.load()  # is it whole?
            return None
        width, height = (max(side, round(length * side / min(image.size)))
                         for length in image.size)
        # Of a JPEG, libjpeg gives at least twice what is wanted.
        image.draft(None, (2 * width, 2 * height))
        small = image.convert(_mode(image)).resize(
            (width, height), Image.Resampling.LANCZOS)
        return _encoded(small, image, 'JPEG' if kind == 'MPO' else kind)


def _mode(image: Image.Image) -> str:
    """With alpha, if a palette or colour says what is transparent."""
    if image.mode == 'P' and 'transparency' not in image.info:
        return 'RGB'
    return MODES[image.mode]


def _encoded(small: Image.Image, image: Image.Image, kind: str) -> bytes:
    kept = {key: image.info[key] for key in ('exif', 'icc_profile')
            if image.info.get(key)}
    file = BytesIO()
    small.save(file, kind, **SETTINGS[kind], **kept)
    return file.getvalue()
