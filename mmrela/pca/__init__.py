"""The principal components of features that arrive in batches."""
from .batch_pca import NORMALIZATIONS, BatchPCA
from .moments import Moments
from .whitening import whitening

__all__ = ['NORMALIZATIONS', 'BatchPCA', 'Moments', 'whitening']
