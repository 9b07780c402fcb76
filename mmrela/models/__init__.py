"""RELA on the algorithms of mmpretrain."""
