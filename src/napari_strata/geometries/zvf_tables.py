"""How many rows a table of objects or groups has: no more than can be stored."""

from __future__ import annotations

from napari_strata.geometries.zvf_store import KvStore, shape_of


class FalseCount(ValueError):
    """A table declares more rows than it can have."""


def stored_rows(store: KvStore, array: str, most: int) -> int | None:
    """Read how many rows an array has, one for each object or group; None if it is missing.

    A number alone costs nothing to write, and much to believe: the file of the last row has to
    be there.

    Parameters
    ----------
    array : its folder in the store.

    Raises
    ------
    FalseCount
        If it declares more than ``most`` rows, or than are stored.
    ValueError and what else `damage` lists
        If its metadata is damaged.
    """
    document = store.document(f"{array}/zarr.json")
    shape = shape_of(document)
    if document is None or shape is None:
        return None
    step = int(document["chunk_grid"]["configuration"]["chunk_shape"][0])
    if len(shape) != 1 or step < 1:
        raise FalseCount(f"its shape is {list(shape)}, expected one row for each")
    if shape[0] > most or step > most:
        raise FalseCount(f"it declares {max(shape[0], step)} rows, expected at most {most}")
    last = max(shape[0] - 1, 0) // step
    separator = document["chunk_key_encoding"].get("configuration", {}).get("separator", "/")
    if shape[0] and not store.has(f"{array}/c{separator}{last}"):
        raise FalseCount(f"it declares {shape[0]} rows, but the last of them are not stored")
    return shape[0]
