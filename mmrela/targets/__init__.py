"""Stored targets, a row an image or view; needs torch and numpy alone."""
from .manifest import Manifest, TargetStoreError, hash_ids
from .store import BLOCK, TargetStore
from .write import write_store

__all__ = ['BLOCK', 'Manifest', 'TargetStore', 'TargetStoreError', 'hash_ids',
           'write_store']
