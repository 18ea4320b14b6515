"""OME-Zarr 0.5 metadata over the blocks of an N5 image, beside N5's own, which stays as it is.

Zarr v3 reads N5 blocks by the registered codec ``n5_default`` (zarr-extensions, "n5_default").
What it demands: the array's axes x-first, so that Zarr's chunk keys are N5's block paths; chunk
keys as in Zarr v2 with ``/``; a full transposition, then big-endian bytes, then at most one
compressor that both have under the same meaning: none, gzip, zstd or blosc.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_strata.affine import reversed_axes
from napari_strata.export.documents.ome_multiscales import multiscales
from napari_strata.export.documents.omero import omero
from napari_strata.export.documents.written import NotCarried, WrittenImage, WrittenLevel
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.change import MetadataChange
from napari_strata.export.metadata.files import Documents, Json
from napari_strata.export.metadata.image import open_image
from napari_strata.model import Image, Level, Problem
from napari_strata.store.hierarchy import Array, Group, read_array
from napari_strata.store.tree import Node

CODEC = "n5_default"
_FILE = "zarr.json"
_SHUFFLES = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle"}


def ome_over_n5(path: str | os.PathLike[str], *, image: str | None = None) -> MetadataChange:
    """Plan ``zarr.json`` files for an N5 image, its levels, and the groups above it.

    No N5 file is changed, no block is read. Readers need ``n5_default``: zarr-python with the
    package zarr-n5 installed, or napari-strata.

    Parameters
    ----------
    path : of an image in N5 whose every level is one array.
    image : which one, by path or name, where there are several.

    Raises
    ------
    ExportError
        If a compressor is none that Zarr has too (it is named), the image is turned, or its
        axes, x-first, are in an order that OME-Zarr does not allow.
    OpenError
        If nothing can be opened at ``path``.
    """
    opened = open_image(path, image)
    if opened.group.encoding != "n5":
        raise ExportError(f"{opened.image.name}: is in {opened.group.encoding}, expected N5")
    documents = Documents(opened.node.tree.root)
    _describe(opened.group, opened.image, documents)
    for above in opened.group.node.lineage()[1:]:
        if not documents.exists(documents.relative(above, _FILE)):
            _put(documents, above, {"zarr_format": 3, "node_type": "group", "attributes": {}})
    return MetadataChange(opened.root, documents.changes(), _notes(opened.image))


def renew_over_n5(group: Group, image: Image, documents: Documents) -> None:
    """Write the same for an N5 image that is to be at another place, if it was there before."""
    if group.encoding == "n5" and documents.exists(documents.relative(group.node, _FILE)):
        _describe(group, image, documents)


def _describe(group: Group, image: Image, documents: Documents) -> None:
    """Write the documents of the image's group and of its arrays."""
    arrays = [_array(group, image, level) for level in image.levels]
    if arrays[0].node == group.node:
        raise ExportError(f"{image.name}: is a single array; OME-Zarr needs a group above it")
    names = [axis.name for axis in image.axes[::-1]]
    for array in arrays:
        _put(documents, array.node, array_document(array, names))
    _put(documents, group.node, _group_document(group, image, arrays))


def array_document(array: Array, names: Sequence[str]) -> Json:
    """Describe an N5 array as Zarr v3 does; ``names`` of its dimensions, x-first.

    Raises
    ------
    ExportError
        If the array's compressor has no equal in Zarr.
    """
    metadata = array.metadata
    rank = len(array.shape)
    codecs: list[Json] = [
        {"name": "transpose", "configuration": {"order": list(range(rank))[::-1]}},
        {"name": "bytes", "configuration": {"endian": "big"}},
        *_compressor(array),
    ]
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [int(v) for v in metadata["dimensions"]],
        "data_type": metadata["dataType"],
        "chunk_grid": {
            "name": "regular",
            "configuration": {"chunk_shape": [int(v) for v in metadata["blockSize"]]},
        },
        "chunk_key_encoding": {"name": "v2", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": CODEC, "configuration": {"codecs": codecs}}],
        "attributes": {},
        "dimension_names": list(names),
    }


def _array(group: Group, image: Image, level: Level) -> Array:
    inner = level.path[len(image.path) :].strip("/")
    node = group.node.child(inner) if inner else group.node
    array = read_array(node, "n5")
    if array is None:
        raise ExportError(f"{level.path}: found no N5 array, expected one")
    return array


def _compressor(array: Array) -> list[Json]:
    """Name the compressor as Zarr does; levels matter to writers only."""
    value = array.metadata.get("compression", array.metadata.get("compressionType", "raw"))
    compression: Mapping[str, Any] = value if isinstance(value, Mapping) else {"type": value}
    kind = compression.get("type")
    if kind == "raw":
        return []
    if kind == "gzip" and compression.get("useZlib") is not True:
        level = _whole(compression.get("level"), 0, 9, 6)
        return [{"name": "gzip", "configuration": {"level": level}}]
    if kind == "zstd":
        level = _whole(compression.get("level"), -131072, 22, 3)
        return [{"name": "zstd", "configuration": {"level": level, "checksum": False}}]
    if kind == "blosc":
        return [{"name": "blosc", "configuration": _blosc(compression, array.dtype)}]
    shown = "gzip with zlib's framing (useZlib)" if kind == "gzip" else repr(kind)
    raise ExportError(
        f"{array.place('compression')}: found {shown}, expected raw, gzip, zstd or blosc: Zarr has "
        "no codec that decodes the others as N5 writes them; copy the data instead (convert)"
    )


def _blosc(compression: Mapping[str, Any], dtype: np.dtype[Any]) -> Json:
    shuffle = compression.get("shuffle", 0)
    if shuffle == -1:  # "automatic": bits of single bytes, else bytes
        shuffle = 2 if dtype.itemsize == 1 else 1
    name = _SHUFFLES.get(shuffle, "noshuffle") if isinstance(shuffle, int) else "noshuffle"
    known = ("lz4", "lz4hc", "blosclz", "snappy", "zlib", "zstd")
    cname = compression.get("cname", "blosclz")
    return {
        "cname": cname if cname in known else "lz4",
        "clevel": _whole(compression.get("clevel"), 0, 9, 5),
        "shuffle": name,
        "typesize": dtype.itemsize,
        "blocksize": _whole(compression.get("blocksize"), 0, 2**31, 0),
    }


def _whole(value: Any, low: int, high: int, default: int) -> int:
    sound = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    return value if sound else default


def _group_document(group: Group, image: Image, arrays: Sequence[Array]) -> Json:
    """Describe the image, its axes x-first as the arrays' are."""
    levels = [
        WrittenLevel(array.node.relative_to(group.node.path), reversed_axes(level.affine))
        for array, level in zip(arrays, image.levels, strict=True)
    ]
    written = WrittenImage(
        name=image.name,
        path="",
        kind=image.kind,
        axes=image.axes[::-1],
        levels=tuple(levels),
        display=image.display,
        method="",
    )
    try:
        (block,) = multiscales(written, "0.5")
    except NotCarried as error:
        raise ExportError(f"{image.name}: {error} (N5's blocks force axes to be x-first)") from None
    block.pop("type", None)  # how the levels were made is not known
    ome: Json = {"version": "0.5", "multiscales": [block]}
    channel = image.channel_axis
    shown = omero(written, 1 if channel is None else image.levels[0].shape[channel])
    if shown is not None:
        ome["omero"] = shown
    return {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}


def _put(documents: Documents, node: Node, new: Json) -> None:
    """Write a document where there is none, or one that this wrote before."""
    path = documents.relative(node, _FILE)
    own = documents.document(path)
    if own and own.get("node_type") != new["node_type"]:
        raise ExportError(f"{path}: found a Zarr {own.get('node_type')}, expected none there")
    if own.get("node_type") == "array" and CODEC not in str(own.get("codecs")):
        raise ExportError(f"{path}: found a Zarr array with chunks of its own beside the N5's")
    attributes = {**(own.get("attributes") or {}), **new["attributes"]}
    own.update({**new, "attributes": attributes})


def _notes(image: Image) -> tuple[Problem, ...]:
    names = [axis.name for axis in image.axes[::-1]]
    message = (
        f"axes are {', '.join(names)}: N5's blocks allow no other order, and OME-Zarr recommends "
        "z, y, x; readers need the codec n5_default (the package zarr-n5 for zarr-python)"
    )
    return (Problem("ome-over-n5-order", "info", image.path or ".", message),)
