"""Pixels of an export: the levels, the blocks, and writing them with tensorstore."""
