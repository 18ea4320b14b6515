"""A folder laid out as COSEM / CellMap publishes a dataset: ``NAME/NAME.n5``, ``NAME/NAME.zarr``.

Beside these, ``NAME/neuroglancer/em/*.precomputed`` and ``NAME/neuroglancer/mesh/*``.
"""

from __future__ import annotations

from collections.abc import Container

NEUROGLANCER = "neuroglancer"
MESH = "mesh"


def is_prefix(name: str, inside: Container[str]) -> bool:
    """Tell by its name and the names in it whether a folder is laid out so."""
    return bool(name) and (f"{name}.n5" in inside or f"{name}.zarr" in inside)
