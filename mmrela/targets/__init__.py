"""Stored targets, one row an image; needs numpy alone."""
from .manifest import TargetStoreError
from .store import BLOCK, TargetStore, hash_ids

__all__ = ['BLOCK', 'TargetStore', 'TargetStoreError', 'hash_ids']
