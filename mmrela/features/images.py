"""The images of a data set as a prior model sees them."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch.utils.data import Dataset

from ..errors import UserError
from ..pictures.access import sample_id
from ..pictures.rgb import Sample
from ..priors import Prior
from ..priors.base import Seen


@dataclass(frozen=True, eq=False)
class PriorImages(Dataset):
    """All that computing features needs: images, prior, and how to read.

    Args:
        dataset: One of mmpretrain's.
        prior: The prior model.
        workers: Processes of each rank that decode images.
        skip: Whether an image that cannot be read is ``None`` instead of
            an error.
    """
    dataset: Dataset
    prior: Prior
    workers: int = 0
    skip: bool = False

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Seen | None:
        return self.see(self.sample(index))

    def sample(self, index: int) -> Sample:
        """One of the samples, which is read when a prior looks at it."""
        return Sample(self.dataset, index)

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
        except UserError:
            if self.skip:
                return None
            raise

    def ids(self) -> Iterator[str]:
        """The sample id of each image."""
        return (sample_id(self.dataset, i) for i in range(len(self)))


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
              skip: bool = False) -> PriorImages:
    """Images that are loaded as a config says.

    Args:
        cfg: Its ``train_dataloader`` tells the number of workers.
        dataset: One of mmpretrain's, which need not be the config's.
        prior: What looks at them.
        skip: Whether to leave out those that cannot be read.
    """
    workers = cfg['train_dataloader']['num_workers']
    return PriorImages(dataset, prior, workers, skip)
