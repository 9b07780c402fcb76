"""The images of a data set as a prior model sees them."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch.utils.data import Dataset

from ..errors import BadImageError, UserError
from ..pictures.access import sample_id
from ..pictures.crops import GRID, RULE, Crop
from ..pictures.rgb import Sample
from ..priors import Prior
from ..priors.base import Seen
from ..priors.joined import PLUS


@dataclass(frozen=True, eq=False)
class PriorImages(Dataset):
    """All that computing features needs: images, prior, and how to read.

    Args:
        dataset: One of mmpretrain's.
        prior: The prior model.
        workers: Processes of each rank that decode images.
        skip: Whether an image that cannot be read is ``None`` instead of
            an error.
        views: Seeded crops of each image, V, instead of the image itself:
            all images' first ones, then all images' second ones, and so on;
            1 for whole images.
        asking: How the user would ask for ``skip``, which messages name;
            empty where nobody can.
    """
    dataset: Dataset
    prior: Prior
    workers: int = 0
    skip: bool = False
    views: int = 1
    asking: str = ''

    def __len__(self) -> int:
        return self.views * len(self.dataset)

    def __getitem__(self, index: int) -> Seen | None:
        return self.see(self.sample(index))

    def sample(self, index: int) -> Sample:
        """One of the samples, which is read when a prior looks at it."""
        if self.views == 1:
            return Sample(self.dataset, index)
        view, row = divmod(index, len(self.dataset))
        return Crop(self.dataset, row, view, grid=GRID)

    def see(self, sample: Sample) -> Seen | None:
        """What the prior sees of a sample.

        Returns:
            The same as :meth:`.Prior.input_of`; ``None`` for an image that
            cannot be read, if ``skip``.

        Raises:
            UserError: the image cannot be read, unless ``skip``.
        """
        try:
            return self.prior.input_of(sample)
        except UserError as e:
            if self.skip:
                return None
            if self.asking and isinstance(e, BadImageError):
                raise BadImageError(f'{e}, or pass {self.asking}') from e
            raise

    def fingerprint(self) -> dict:
        """The prior's; the crop, if any, is a part of its preprocessing."""
        found = self.prior.fingerprint()
        if self.views > 1:
            found['preprocessing'] = f'{RULE}; {found["preprocessing"]}'
        return found

    def ids(self) -> Iterator[str]:
        """The sample id of each image."""
        return (sample_id(self.dataset, i) for i in range(len(self.dataset)))


class Together(Dataset):
    """The same images as each of several priors sees them, read once.

    Args:
        parts: They differ in their priors only.
    """

    def __init__(self, parts: Sequence[PriorImages]) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return len(self.parts[0])

    def __getitem__(self, index: int) -> list[Seen | None]:
        sample = self.parts[0].sample(index)
        return [part.see(sample) for part in self.parts]


def images_of(cfg: dict, dataset: Dataset, prior: Prior,
              skip: bool = False, views: int = 1,
              asking: str = '') -> PriorImages:
    """Images that are loaded as a config says.

    Args:
        cfg: Its ``train_dataloader`` tells the number of workers.
        dataset: One of mmpretrain's, which need not be the config's.
        prior: What looks at them.
        skip: Whether to leave out those that cannot be read.
        views: Crops of each.
        asking: How the user would ask for ``skip``, if that can be.

    Raises:
        UserError: the prior knows whole images alone, not their crops.
    """
    if views > 1 and any(name.startswith('file:')
                         for name in prior.name.split(PLUS)):
        raise UserError(f'--views {views}: {prior.name} has features of whole '
                        'images alone: leave out --views, or take a prior '
                        'that looks at images')
    workers = (cfg.get('train_dataloader') or {}).get('num_workers', 0)
    return PriorImages(dataset, prior, workers, skip, views, asking)
