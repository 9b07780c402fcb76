"""Where configs and tools lie: in a wheel, or in the checkout."""
from pathlib import Path

_PACKAGE = Path(__file__).parent
HOME = next((folder for folder in (_PACKAGE / '.mim', _PACKAGE.parent)
             if (folder / 'configs').is_dir()), _PACKAGE)
# All that a config inherits to train with RELA:
# _base_ = ['mmpretrain::byol/….py', __import__('mmrela').RELA]
RELA = str(HOME / 'configs' / '_base_' / 'rela.py')
