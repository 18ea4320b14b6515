"""What a node of a container is: a group, or an array, with its attributes.

The same two answers for N5, Zarr v2 and Zarr v3, so that dialects of metadata which occur in
several containers are written once. A precomputed volume is a group: only its dialect knows which
folders below are arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from napari_strata.model import ArrayLocation
from napari_strata.store import n5, zarr
from napari_strata.store.precomputed import INFO_FILE, read_info
from napari_strata.store.tree import Node, prefetch
from napari_strata.store.values import JsonPlace

Encoding = Literal["n5", "zarr2", "zarr3", "precomputed"]
ENCODINGS: tuple[Encoding, ...] = ("n5", "zarr3", "zarr2", "precomputed")
ATTRIBUTES_FILE: dict[Encoding, str] = {
    "n5": "attributes.json",
    "zarr2": ".zattrs",
    "zarr3": "zarr.json",
    "precomputed": INFO_FILE,
}
ARRAY_FILE: dict[Encoding, str] = {**ATTRIBUTES_FILE, "zarr2": ".zarray"}
# OME-NGFF's keys for groups: where one is, nothing has to be asked to know it is no array.
_GROUP_KEYS = frozenset({"multiscales", "plate", "well", "labels", "bioformats2raw.layout"})


@dataclass(frozen=True)
class Group:
    """A folder with attributes (possibly none: every N5 directory is a group)."""

    node: Node
    encoding: Encoding
    attributes: Mapping[str, Any] = field(hash=False, compare=False)

    def place(self, key: str = "") -> JsonPlace:
        """Point at an attribute, in the file and under the key it is really stored."""
        prefix = "attributes." if self.encoding == "zarr3" else ""
        return self.node.place(ATTRIBUTES_FILE[self.encoding], prefix + key if key else prefix[:-1])


@dataclass(frozen=True)
class Array(Group):
    """An array; ``shape`` and ``chunks`` in array (C) order, in voxels.

    ``chunks`` is the smallest unit that is read: inside shards, the inner chunk.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    metadata: Mapping[str, Any] = field(hash=False, compare=False)
    dimension_names: tuple[str | None, ...] | None = None

    def stored(self, key: str = "") -> JsonPlace:
        """Point at a key of the array's own metadata, as opposed to its attributes."""
        return self.node.place(ARRAY_FILE[self.encoding], key)

    @property
    def location(self) -> ArrayLocation:
        """All that is needed to open it."""
        return ArrayLocation(self.node.kvstore(), self.encoding, self.metadata, str(self.stored()))


def read_group(node: Node, encoding: Encoding) -> Group | None:
    """Read a node as a group of one encoding; None if nothing of that encoding is there.

    Arrays answer too (use `is_array` to tell): a group's attributes file does not always say
    which of the two it is. Raises OpenError if the file is damaged.
    """
    if encoding == "precomputed":
        info = read_info(node)
        return None if info is None else Group(node, encoding, info)
    attributes = node.json(ATTRIBUTES_FILE[encoding])
    if attributes is None:
        return None
    if encoding == "zarr3":
        attributes = zarr.v3_attributes(attributes, node.place("zarr.json"))
    return Group(node, encoding, attributes)


def is_array(group: Group) -> bool:
    """Tell whether a node that was read as a group is an array; may read ``.zarray``."""
    if group.encoding == "n5":
        return "dimensions" in group.attributes
    if group.encoding == "zarr3":
        return (group.node.json("zarr.json") or {}).get("node_type") == "array"
    if group.encoding == "precomputed":
        return False
    if not _GROUP_KEYS.isdisjoint(group.attributes):
        return False
    return group.node.json(".zarray") is not None


def read_array(node: Node, encoding: Encoding, *, attributes: bool = True) -> Array | None:
    """Read a node as an array; None if there is no array (of that encoding).

    With ``attributes=False`` a Zarr v2 array's ``.zattrs`` is not read.

    Raises
    ------
    OpenError
        If its metadata is damaged.
    """
    if encoding == "precomputed":
        return None
    metadata = node.json(ARRAY_FILE[encoding])
    if metadata is None:
        return None
    place = node.place(ARRAY_FILE[encoding])
    if encoding == "n5":
        if "dimensions" not in metadata:
            return None
        parsed = n5.parse_array(metadata, place)
        return Array(node, encoding, metadata, *parsed, metadata)
    if encoding == "zarr3":
        kind = metadata.get("node_type")
        if kind not in ("array", "group"):
            raise place.child("node_type").unexpected(kind, '"array" or "group"')
        if kind == "group":
            return None
        shape, dtype, chunks, names = zarr.parse_v3(metadata, place)
        own = zarr.v3_attributes(metadata, place)
        return Array(node, encoding, own, shape, dtype, chunks, metadata, names)
    shape, dtype, chunks = zarr.parse_v2(metadata, place)
    own = (node.json(".zattrs") or {}) if attributes else {}
    return Array(node, encoding, own, shape, dtype, chunks, metadata)


def prefetch_arrays(nodes: Iterable[Node], encoding: Encoding, *, attributes: bool = True) -> None:
    """Read the metadata of several arrays at once."""
    nodes = list(nodes)
    prefetch(nodes, ARRAY_FILE[encoding])
    if encoding == "zarr2" and attributes:
        prefetch(nodes, ".zattrs")
