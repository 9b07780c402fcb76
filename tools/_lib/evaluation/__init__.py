"""Scores of frozen features: what evaluate.py and linear_probe.py do."""
