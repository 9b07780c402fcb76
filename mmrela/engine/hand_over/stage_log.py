"""What the log says of the stages."""
from __future__ import annotations

from collections.abc import Iterable

from mmengine.logging import MessageHub

from ...models.stage import is_rela


class StageLog:
    """λ and the rule's averages, and means that do not mix the stages.

    The logger's are of some ten steps, whatever losses these had.
    """

    def __init__(self) -> None:
        self._losses: list[str] = []  # of the last batch

    def enter(self, message_hub: MessageHub, batch: dict) -> None:
        """Begin means anew where a batch is of another stage."""
        if ('rela_loss' in self._losses) != is_rela(
                batch.get('data_samples')):
            for name in self._losses:
                message_hub.log_scalars.pop(f'train/{name}', None)

    def leave(self, losses: Iterable[str]) -> None:
        """Know the losses of the batch that is done."""
        self._losses = [*losses]

    def tell(self, message_hub: MessageHub,
             scalars: dict[str, float]) -> None:
        """Log a rule's scalars; those in ``rela_`` with RELA's batches."""
        for name, scalar in scalars.items():
            message_hub.update_scalar(f'train/{name}', scalar)
        if 'rela_loss' not in self._losses:  # else the last ones are repeated
            for name in [*message_hub.log_scalars]:
                if name.startswith('train/rela_'):
                    del message_hub.log_scalars[name]
