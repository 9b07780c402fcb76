"""Self-supervised algorithms that mmpretrain lacks.

They are mmpretrain's own kind of model and need nothing else of this
package. mmengine refuses with a KeyError a second model of the same name,
such as that of mmpretrain's ``projects/dino``.
"""
from .dino import DINO
from .dino_head import DINOHead
from .dino_neck import DINONeck
from .vicreg import VICReg, VICRegHead

__all__ = ['DINO', 'DINOHead', 'DINONeck', 'VICReg', 'VICRegHead']
