"""Networks without a line on how each of their weights was initialised."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.logging import MMLogger


@contextmanager
def unlogged() -> Iterator[None]:
    """Let mmengine's logger say warnings alone, for a while."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel('WARNING')
    try:
        yield
    finally:
        logger.setLevel(level)
