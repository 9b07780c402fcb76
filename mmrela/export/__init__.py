"""Backbones for other libraries than mmpretrain."""
