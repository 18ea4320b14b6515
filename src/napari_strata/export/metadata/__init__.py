"""Changing the metadata of data on disk; no chunk is touched."""
