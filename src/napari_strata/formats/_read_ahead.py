"""Reading the metadata of many images and their labels in a few trips to the storage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from napari_strata.formats._ome import dataset_nodes, keys
from napari_strata.model import OpenError, Problem
from napari_strata.store.hierarchy import (
    ARRAY_FILE,
    ATTRIBUTES_FILE,
    Encoding,
    Group,
    read_group,
)
from napari_strata.store.tree import Node, prefetch

LABELS = "labels"


def read_groups(
    nodes: Iterable[Node], encoding: Encoding, problems: list[Problem]
) -> dict[Node, Group | None]:
    """Read many groups at once; None for what is not there, and no entry for what is damaged."""
    nodes = list(nodes)
    prefetch(nodes, ATTRIBUTES_FILE[encoding])
    groups: dict[Node, Group | None] = {}
    for node in nodes:
        try:
            groups[node] = read_group(node, encoding)
        except OpenError as error:
            problems.append(error.problem)
    return groups


def read_ahead(images: Sequence[Group]) -> None:
    """Read what opening these images and their labels will ask for: arrays, then labels.

    All groups have one encoding. What is damaged is passed over: it shows when it is opened.
    """
    if not images:
        return
    encoding = images[0].encoding
    folders = [group.node.child(LABELS) for group in images]
    prefetch([node for group in images for node in dataset_nodes(group)], ARRAY_FILE[encoding])
    prefetch(folders, ATTRIBUTES_FILE[encoding])
    listed = [node for folder in folders for node in _listed(folder, encoding)]
    labels = [group for group in read_groups(listed, encoding, []).values() if group is not None]
    prefetch([node for group in labels for node in dataset_nodes(group)], ARRAY_FILE[encoding])


def _listed(folder: Node, encoding: Encoding) -> list[Node]:
    """Go to the label images that a folder lists, as far as they are named soundly."""
    group = _sound(folder, encoding)
    names = keys(group).get(LABELS) if group is not None else None
    nodes = []
    for name in names if isinstance(names, list) else []:
        with suppress(OpenError):
            nodes.append(folder.descend(name, folder.place("")))
    return nodes


def _sound(node: Node, encoding: Encoding) -> Group | None:
    try:
        return read_group(node, encoding)
    except OpenError:
        return None
