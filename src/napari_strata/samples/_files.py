"""Arrays and attributes on disk, by tensorstore (N5) and zarr-python (Zarr)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_strata.samples._specimen import Values

Pixels = npt.NDArray[Any]


def integers(values: Values, dtype: str, top: int) -> Pixels:
    """Turn 0 to 1 into 0 to ``top``."""
    return np.rint(values * top).astype(dtype)


def n5_group(path: Path, attributes: Mapping[str, Any]) -> None:
    """Write a group's ``attributes.json``."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "attributes.json").write_text(json.dumps(attributes, indent=1), encoding="utf-8")


def n5_array(
    path: Path,
    pixels: Pixels,
    block: Sequence[int],
    compression: Mapping[str, Any],
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write an N5 array; N5 lists are x-first, everything here is in array order.

    Parameters
    ----------
    block : block size, array order.
    compression : as N5 spells it.
    attributes : written beside the array's own keys.
    """
    import tensorstore

    spec = {
        "driver": "n5",
        "kvstore": {"driver": "file", "path": f"{path.as_posix()}/"},
        "metadata": {
            "dimensions": list(pixels.shape[::-1]),
            "blockSize": list(block)[::-1],
            "dataType": pixels.dtype.name,
            "compression": dict(compression),
        },
    }
    array = tensorstore.open(spec, create=True).result()
    # tensorstore gives N5 the axis order of its metadata, x first.
    array.T[...] = pixels
    if attributes:
        file = path / "attributes.json"
        own = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**own, **attributes}, indent=1), encoding="utf-8")


def zarr_group(path: Path, version: int, attributes: Mapping[str, Any]) -> None:
    """Write a group with its attributes."""
    import zarr

    zarr.create_group(store=str(path), zarr_format=version, attributes=dict(attributes))


def zarr2_array(
    path: Path, pixels: Pixels, chunks: Sequence[int], separator: Literal["/", "."] = "/"
) -> None:
    """Write a Zarr v2 array, its chunks nested or, with ``"."``, flat."""
    import zarr

    array = zarr.create_array(
        store=str(path),
        shape=pixels.shape,
        chunks=tuple(chunks),
        dtype=pixels.dtype,
        zarr_format=2,
        chunk_key_encoding={"name": "v2", "separator": separator},
    )
    array[...] = pixels


def zarr3_array(
    path: Path,
    pixels: Pixels,
    chunks: Sequence[int],
    dimension_names: Sequence[str],
    shards: Sequence[int] | None = None,
) -> None:
    """Write a Zarr v3 array, sharded where ``shards`` is given."""
    import zarr

    array = zarr.create_array(
        store=str(path),
        shape=pixels.shape,
        chunks=tuple(chunks),
        shards=None if shards is None else tuple(shards),
        dtype=pixels.dtype,
        zarr_format=3,
        dimension_names=list(dimension_names),
    )
    array[...] = pixels
