"""ZVF's own keys, and what is made of one that is wrong."""

from __future__ import annotations

from napari_strata.model import OpenError, Problem

STORE_KEY = "zarr_vectors"
LEVEL_KEY = "zarr_vectors_level"
MULTISCALES = "multiscales"


def not_used(error: OpenError) -> Problem:
    """Turn the refusal of one entry into a warning: the geometry opens without it."""
    found = error.problem
    return Problem("bad-zvf", "warning", found.where, f"{found.message}; not used")
