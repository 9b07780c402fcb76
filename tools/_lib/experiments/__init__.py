"""Runs of the tables in configs/experiments."""
