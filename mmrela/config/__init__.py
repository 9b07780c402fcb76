"""Configs as they are read, and what is wrong with them.

This file imports nothing: a tool looks for a config before all libraries.
"""
