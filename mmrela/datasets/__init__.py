"""Data sets and samplers for mmpretrain."""
