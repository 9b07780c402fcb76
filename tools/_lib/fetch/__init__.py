"""Verified downloads of what the quickstart needs."""
