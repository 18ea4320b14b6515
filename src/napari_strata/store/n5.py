"""N5 array metadata (the N5 file system specification, version 4).

``dimensions`` and ``blockSize`` are x-first in the file and reversed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_strata.store.values import JsonPlace, extents, text

DTYPES = frozenset(
    {"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64"}
)


def parse_array(
    metadata: Mapping[str, Any], place: JsonPlace
) -> tuple[tuple[int, ...], np.dtype[Any], tuple[int, ...]]:
    """Return shape, dtype and chunks, in array (C) order.

    Raises
    ------
    OpenError
        If one of ``dimensions``, ``blockSize``, ``dataType``, ``compression`` (old spelling
        ``compressionType``) is missing or not what the specification says.
    """
    for key in ("blockSize", "dataType"):
        if key not in metadata:
            raise place.child(key).refuse(
                "missing-key",
                f"found no {key}, expected one: the node has dimensions, so it is an array",
            )
    dimensions = extents(metadata["dimensions"], place.child("dimensions"))
    chunks = extents(metadata["blockSize"], place.child("blockSize"), len(dimensions))
    name = text(metadata["dataType"], place.child("dataType"))
    if name not in DTYPES:
        raise place.child("dataType").unexpected(
            name, "one of " + ", ".join(sorted(DTYPES)), "unknown-dtype"
        )
    _check_compression(metadata, place)
    return dimensions[::-1], np.dtype(name), chunks[::-1]


def _check_compression(metadata: Mapping[str, Any], place: JsonPlace) -> None:
    """See that there is one; whether it can be decoded is the arrays' business."""
    if "compression" in metadata:
        compression = metadata["compression"]
        at = place.child("compression")
        if not isinstance(compression, dict) or not isinstance(compression.get("type"), str):
            raise at.unexpected(compression, 'an object with a "type"')
    elif "compressionType" in metadata:
        text(metadata["compressionType"], place.child("compressionType"))
    else:
        raise place.child("compression").refuse(
            "missing-key", 'found no compression, expected one such as {"type": "gzip"}'
        )
