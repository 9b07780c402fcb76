"""RELA-D: from images to a target store."""
