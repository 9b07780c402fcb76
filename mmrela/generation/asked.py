"""A store that is asked for, before anything is computed."""
from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..features.images import PriorImages
from ..files.atomic import remove_leftovers
from ..files.locks import alone
from ..targets import Manifest, TargetStore, TargetStoreError
from ..targets.feature_blocks import FeatureBlocks


@dataclass(frozen=True, eq=False)
class Asked:
    """A store that is asked for.

    Args:
        images: What its prior sees.
        directory: Where it goes.
        planned: Its manifest, without what is found on the way.
        blocks: Its prior's features.
    """
    images: PriorImages
    directory: Path
    planned: Manifest
    blocks: FeatureBlocks

    def prepare(self, locks: ExitStack) -> list[int] | None:
        """Blocks to do; ``None`` if the store is there already.

        Args:
            locks: Keeps other processes away till it is closed.

        Raises:
            TargetStoreError: another store is there already.
            UserError: features of something else are there, or another
                process writes there.
        """
        finished = self.directory / 'meta.json'
        places = self.directory, self.blocks.directory
        if not finished.exists():
            for place in places:
                locks.enter_context(alone(
                    place, 'wait for it, or pass another --out and '
                    '--features'))
        if finished.exists():
            self._check_same()
            return None
        self.blocks.claim()
        for place in places:
            remove_leftovers(place)
        return self.blocks.todo(again=not self.images.skip)

    def _check_same(self) -> None:
        store = TargetStore.open(self.directory)
        for key in ('samples', 'ids', 'views', 'prior', 'dim', 'dtype',
                    'pca'):
            there = getattr(store.manifest, key)
            if key == 'pca':
                there = {'normalize': there.get('normalize')}
            if there != getattr(self.planned, key):
                raise TargetStoreError(
                    f'{self.directory} already holds targets with another '
                    f'{key} ({there}): {self._cure(key)}')
        if store.skipped and not self.images.skip:
            raise TargetStoreError(
                f'{self.directory} leaves out {len(store.skipped)} unreadable '
                'images: pass --on-bad-image skip, or mend them and remove '
                'its meta.json')

    def _cure(self, key: str) -> str:
        cure = ('remove it, or name another by train_dataloader.dataset.'
                'targets (gen_targets.py: --out)')
        features = self.blocks.directory
        if key in ('dim', 'dtype', 'pca') and features.is_dir():
            cure += f'; with --features {features} that needs no images'
        return cure
