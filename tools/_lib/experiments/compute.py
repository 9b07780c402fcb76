"""What the accuracy of a result has cost, as far as that was counted."""
from __future__ import annotations

from mmengine.config import Config

from mmrela.engine.hand_over.fade import expected

from ..training.logs import Curve
from .settings import SCHEDULE

HOLD, FADE = 'default_hooks.rela.hold', 'default_hooks.rela.fade'
# Of each image, the host's views that go through a backbone forward and
# backward, and those that go forward alone, through a momentum network.
VIEWS = dict(
    BYOL=(2, 2), MoCoV3=(2, 2), DINO=(2, 2), MoCo=(1, 1), DenseCL=(1, 1),
    SimSiam=(2, 0), SimCLR=(2, 0), SwAV=(2, 0), BarlowTwins=(2, 0),
    VICReg=(2, 0), ImageClassifier=(1, 0))


def passes(cfg: Config) -> tuple[float, float, float] | None:
    """Passes of an image through the backbone in a step.

    A pass is one forward and backward; one forward alone is a third, since a
    backward takes two forwards' work.

    Returns:
        Of RELA, of the host, and of the host while its backbone is held;
        ``None`` for a host that is not listed.
    """
    if cfg.model.host not in VIEWS:
        return None
    both, forward = VIEWS[cfg.model.host]
    [views] = (step.num_views for step in
               cfg.train_dataloader.dataset.rela_pipeline
               if step.type == 'MultiView')
    return views, both + forward / 3, (both + forward) / 3


def is_plain(line: dict) -> bool:
    """Whether a result is the host's alone, without a step of RELA."""
    return (line['prior'] == 'none'
            or line['options'].get(f'{SCHEDULE}.fraction') == 0)


def images(line: dict, step: int) -> float:
    """Images that have passed the backbone up to a step, in thousands.

    Of the steps among which RELA's fade, as many are RELA's as λ, their
    share, has in sum.

    Args:
        line: A result, with the ``passes`` of its config.
        step: Up to which.
    """
    rela, host, held = line['passes']
    last = 0 if is_plain(line) else line['switch_step']
    taught = step if last is None else min(step, last)
    share = 0 if is_plain(line) else line['options'].get(FADE, 0)
    if share and taught < step:
        taught += expected(share, last, line['steps'], step)
    hold = 0 if is_plain(line) else line['options'].get(HOLD, 0)
    few = min(hold, step - taught)
    steps = taught * rela + few * held + (step - taught - few) * host
    return line['batch_size'] * steps / 1000


def over_time(line: dict, measure: str) -> Curve:
    """A result's curve; the seconds include those of targets and PCA.

    Args:
        line: A result.
        measure: ``knn`` or ``linear``.
    """
    more = line.get('target_seconds', 0)
    return [(step, seconds + more, top1)
            for step, seconds, top1 in line.get(measure, [])]
