"""Smaller copies of pictures."""
