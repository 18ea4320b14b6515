"""Panels in napari's window."""
