"""ZVF's own keys, and what is made of one that is wrong."""

from __future__ import annotations

import re

from napari_strata.model import OpenError, Problem

STORE_KEY = "zarr_vectors"
LEVEL_KEY = "zarr_vectors_level"
MULTISCALES = "multiscales"
SUFFIX = ".zarrvectors"
OURS = "napari_strata"
"""The name that what we write has among the store's metadata of applications."""

LEVEL_NAME = re.compile(r"0|[1-9][0-9]{0,8}")
"""How a level's folder is called."""
PARTS = frozenset(
    {
        *("vertices", "vertex_fragments", "vertex_attributes", "fragment_attributes"),
        *("links", "link_fragments", "link_attributes", "geometry_index"),
        *("cross_chunk_links", "cross_chunk_link_attributes"),  # before 0.9
        *("object_index", "object_attributes", "groups", "group_attributes"),
    }
)
"""What the folders in a level are called."""


def not_used(error: OpenError) -> Problem:
    """Turn the refusal of one entry into a warning: the geometry opens without it."""
    found = error.problem
    return Problem("bad-zvf", "warning", found.where, f"{found.message}; not used")
