"""Scores of frozen features, as evaluate.py reports them."""
