"""Telling a Neuroglancer precomputed folder by its ``info``, a name other software uses too."""

from __future__ import annotations

from typing import Any

from napari_strata.store.tree import Node

INFO_FILE = "info"
SUFFIX = ".precomputed"

_MARKS = (b'"neuroglancer_', b'"scales"')


def speaks(data: bytes) -> bool:
    """Tell whether the text of an ``info`` file is Neuroglancer's, be it damaged or not."""
    return any(mark in data for mark in _MARKS)


def read_info(node: Node) -> dict[str, Any] | None:
    """Read the ``info`` of a folder; None if there is none that is Neuroglancer's.

    In a folder called ``*.precomputed`` any ``info`` is taken for it.

    Raises
    ------
    OpenError
        If it is damaged.
    """
    if node.name.endswith(SUFFIX):
        return node.json(INFO_FILE)
    if not node.child(INFO_FILE).inside():
        return None
    (data,) = node.tree.read([node.key(INFO_FILE)])
    return node.json(INFO_FILE) if isinstance(data, bytes) and speaks(data) else None
