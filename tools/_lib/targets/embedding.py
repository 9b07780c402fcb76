"""Features of a config's training images, in files."""
from __future__ import annotations

from pathlib import Path

from mmengine.config import Config
from torch.utils.data import Dataset

from mmrela.config.images import build_dataset, own_labels
from mmrela.errors import UserError
from mmrela.features.everything import everything
from mmrela.features.images import images_of
from mmrela.files.atomic import write_atomically
from mmrela.measures.spectra import spectrum
from mmrela.priors import Prior
from mmrela.priors.feature_file import write_features

from .map import draw_map
from .neighbours import NEIGHBOURS, Shown, choose, picture


def embed(cfg: Config, prior: Prior, out: Path, skip: bool) -> str:
    """Write features, ids, labels and two pictures; what to tell.

    Args:
        cfg: Whose training images they are.
        prior: What looks at them.
        out: Its name ends in ``.npy``, the others begin with it.
        skip: Whether to leave out images that cannot be read.

    Raises:
        UserError: of the images, or of the files.
    """
    if out.suffix != '.npy':
        raise UserError(f'--out {out}: the name of an array ends in .npy')
    dataset = build_dataset(cfg).dataset
    images = images_of(cfg, dataset, prior, skip,
                       asking='--on-bad-image skip')
    found = everything(images)
    if found is None:
        return ''
    features, rows = found
    ids = [*images.ids()]
    write_features(out, features.numpy(), [ids[row] for row in rows])
    said = [f'{out}: features (N, d) = {(*features.shape, )} of {prior.name}',
            f'{out.with_suffix(".ids.txt")}: an id for each row']
    labels = own_labels(dataset, rows)
    if labels is not None:
        file = out.with_suffix('.labels.txt')
        write_atomically(file, ''.join(
            f'{label}\n' for label in labels.tolist()).encode())
        said.append(f'{file}: the class of each row')
    if len(rows) > NEIGHBOURS:
        file = out.with_suffix('.png')
        shown = Shown(prior.name, features.numpy(),
                      spectrum(features).cumsum(0).numpy())
        picture(Rows(dataset, rows), [shown], choose(None, len(rows)),
                file)
        said.append(f'{file}: a few images and their nearest neighbours')
        file = out.with_suffix('.map.png')
        said.append(f'{file}: {draw_map(features, labels, prior.name, file)}')
    return '\n'.join(said)


class Rows:
    """Some samples of a data set, by mmengine's protocol of wrappers."""

    def __init__(self, dataset: Dataset, rows: list[int]) -> None:
        self.dataset, self.rows = dataset, rows

    def _get_ori_dataset_idx(self, index: int) -> int:
        return self.rows[index]
