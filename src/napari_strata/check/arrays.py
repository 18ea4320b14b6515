"""Rules that look at the arrays' own metadata. Their chunks are never read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from napari_strata.check.datasets import entries
from napari_strata.check.element import Element, Fault, encoding_of, multiscales
from napari_strata.check.rules import Rules
from napari_strata.model import OpenError
from napari_strata.store.hierarchy import Array, Encoding, prefetch_arrays, read_array
from napari_strata.store.tree import Node
from napari_strata.store.values import quote


def array(dataset: Element) -> Array | None:
    """Read the metadata of a dataset's array; None where opening says what is wrong with it."""
    path = dataset["path"]
    try:
        node = dataset.node.descend(path.value, path.place)
        return read_array(node, encoding_of(dataset), attributes=False)
    except OpenError:
        return None


def prefetch(roots: Iterable[Element]) -> None:
    """Read the metadata of all arrays of many groups at once."""
    nodes: dict[Encoding, list[Node]] = {"zarr2": [], "zarr3": []}
    for root in roots:
        for dataset in entries(root):
            try:
                node = root.node.descend(dataset["path"].value, dataset["path"].place)
            except OpenError:
                continue  # the path is reported by its own rule
            nodes[encoding_of(root)].append(node)
    for encoding, found in nodes.items():
        prefetch_arrays(found, encoding, attributes=False)


RULES = Rules("arrays", entries)
IMAGES = Rules("arrays", multiscales)


@RULES.must("dimension-names-contradict", "dimension_names are the axes", since="0.5", until="0.5")
def _dimension_names(dataset: Element) -> Iterator[Fault]:
    found = array(dataset)
    assert dataset.parent is not None
    assert dataset.parent.parent is not None
    axes = dataset.parent.parent["axes"].objects()
    wanted = [axis["name"].value for axis in axes]
    if found is None or len(wanted) != len(found.shape):
        return
    at = found.stored("dimension_names")
    names = found.metadata.get("dimension_names")
    if names is None:
        yield at, f"found no dimension_names, expected {quote(wanted)} as in the axes"
    elif names != wanted:
        yield at, f"found {quote(names)}, expected {quote(wanted)} as in the axes"


@IMAGES.must("spec-level-order", "levels are listed from the largest to the smallest", until="0.3")
def _order(multiscale: Element) -> Iterator[Fault]:
    arrays = [array(dataset) for dataset in multiscale["datasets"].objects()]
    sizes = [math.prod(found.shape) for found in arrays if found is not None]
    if sizes != sorted(sizes, reverse=True):
        yield (
            multiscale["datasets"].place,
            f"found sizes {quote(sizes)}, expected the largest first",
        )


@RULES.must("spec-axis-count", "arrays have the five axes t, c, z, y, x", until="0.2")
def _five(dataset: Element) -> Iterator[Fault]:
    found = array(dataset)
    if found is not None and len(found.shape) != 5:
        yield found.stored("shape"), f"found {len(found.shape)} axes, expected t, c, z, y, x"


@IMAGES.must("labels-not-integer", "labels are whole numbers")
def _whole_numbers(multiscale: Element) -> Iterator[Fault]:
    assert multiscale.parent is not None
    assert multiscale.parent.parent is not None
    root = multiscale.parent.parent
    if "image-label" not in root:
        return
    for dataset in multiscale["datasets"].objects():
        found = array(dataset)
        if found is not None and found.dtype.kind not in "iu":
            message = f"found labels of type {found.dtype}, expected whole numbers"
            yield root["image-label"].place, message
            return
