"""Scores of frozen features: linear probe, kNN, retrieval, few labels."""
