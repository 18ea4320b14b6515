"""Attributes: one value for each vertex, object or edge, or none at all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometries.spans import Indices
from napari_strata.geometries.zvf_damage import ATTRIBUTE_LEFT_OUT, damage, reason
from napari_strata.geometries.zvf_level import Chunk, Level, chunk_name

_MOST_VALUES = 4096
"""Values of one attribute at one vertex: more is no attribute."""


@dataclass
class Column:
    """One attribute of vertices, kept in chunks like these.

    Attributes
    ----------
    array : its path in the level.
    dtype, row : type, and shape of one row.
    categories : what its numbers stand for, if they do.
    """

    name: str
    array: str
    dtype: np.dtype[Any]
    row: tuple[int, ...]
    categories: tuple[str, ...] | None = None
    damaged: bool = False

    def rows(self, level: Level, chunk: Chunk, count: int) -> npt.NDArray[Any] | None:
        """Read a chunk's rows, None if it has none; ``damaged`` is set if they do not fit."""
        if self.damaged:
            return None
        where = level.where(self.array, chunk)
        try:
            return values_in(level, self.array, chunk, self.dtype, (count, *self.row))
        except damage() as error:
            self._drop(level, where, f"a chunk cannot be read: {reason(error)}")
            return None

    def _drop(self, level: Level, where: str, message: str) -> None:
        self.damaged = True
        text = f"the attribute {self.name!r} is left out: {message}"
        level.report(ATTRIBUTE_LEFT_OUT, where, text)


def values_in(
    level: Level, array: str, chunk: Chunk, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> npt.NDArray[Any] | None:
    """Read the values of a chunk, one row a vertex or edge; None if it has none.

    Raises
    ------
    ValueError and what else `damage` lists
        If they cannot be read, or are more or fewer.
    """
    raw = level.group.read_bytes(array, chunk_name(chunk))
    if not raw:
        return None
    wanted = dtype.itemsize * math.prod(shape)
    if len(raw) != wanted:
        raise ValueError(f"found {len(raw)} bytes, expected {wanted} for {shape[0]} rows")
    return np.frombuffer(raw, dtype).reshape(shape)


def columns_of(level: Level, names: Iterable[str]) -> list[Column]:
    """Read how the attributes of vertices are encoded; those that cannot be read are told."""
    from zarr_vectors import building

    found = []
    for name in names:
        array = f"{building.VERTEX_ATTRIBUTES}/{name}"
        try:
            if level.shape(array) is None:
                continue
            metadata = level.group.read_array_meta(array)
            dtype = declared_dtype(metadata)
            row = _row(metadata, int(building.attribute_layout(level.group, name)[1]))
            column = Column(name, array, dtype, row, categories_of(metadata))
        except damage() as error:
            text = f"the attribute {name!r} is left out: {reason(error)}"
            level.report(ATTRIBUTE_LEFT_OUT, level.where(array), text)
            continue
        found.append(column)
    return found


def declared_dtype(metadata: Mapping[str, Any]) -> np.dtype[Any]:
    """Read the type of an attribute.

    Raises
    ------
    ValueError, TypeError
        If it is none that attributes have.
    """
    name = metadata.get("dtype", "float32")
    if not isinstance(name, str):
        raise ValueError(f"its type is {name!r}, expected a name")
    return plain(np.dtype(name))


def plain(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Refuse what is not made of numbers or truth values.

    Raises
    ------
    ValueError
        If it is not.
    """
    if dtype.kind not in "biuf":
        raise ValueError(f"its type is {dtype}, expected numbers")
    return dtype


def _row(metadata: Mapping[str, Any], width: int) -> tuple[int, ...]:
    row = metadata.get("row_shape")
    shape = tuple(row) if isinstance(row, list) else () if width == 1 else (width,)
    return checked_row(shape)


def checked_row(shape: Sequence[Any]) -> tuple[int, ...]:
    """Check the shape of one row.

    Raises
    ------
    ValueError
        If it is no shape, or a row is too large to be one vertex's, object's or edge's.
    """
    if not all(type(n) is int and 1 <= n <= _MOST_VALUES for n in shape):
        raise ValueError(f"a row has the shape {list(shape)!r}")
    if len(shape) > 8 or int(np.prod(shape)) > _MOST_VALUES:
        raise ValueError(f"a row has more than {_MOST_VALUES} values")
    return tuple(shape)


def categories_of(metadata: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Read what the numbers of an attribute stand for; None if they are numbers.

    Raises
    ------
    ValueError
        If that is missing.
    """
    if metadata.get("encoding") != "dictionary":
        return None
    found = metadata.get("categories")
    if not isinstance(found, list):
        raise ValueError("its categories are missing")
    return tuple(map(str, found))


def joined(
    level: Level, column: Column, parts: Sequence[npt.NDArray[Any] | None], first: Indices
) -> npt.NDArray[Any] | None:
    """Put an attribute's chunks one after the other.

    A chunk it has no values for is filled with NaN: the others are known to be in their places.
    Whole numbers have no such value: then the attribute is left out.
    """
    if column.damaged:
        return None
    missing = [i for i, part in enumerate(parts) if part is None and first[i] < first[i + 1]]
    where, count = level.where(column.array), len(missing)
    if missing and (column.dtype.kind != "f" or count == len(parts)):
        text = f"the attribute {column.name!r} is left out: {count} of its chunks are missing"
        level.report(ATTRIBUTE_LEFT_OUT, where, text)
        return None
    if missing:
        text = f"{count} chunks of the attribute {column.name!r} are missing: it is NaN there"
        level.report(ATTRIBUTE_LEFT_OUT, where, text)
    whole = np.empty((int(first[-1]), *column.row), column.dtype.newbyteorder("="))
    for i, part in enumerate(parts):
        if first[i] < first[i + 1]:
            whole[first[i] : first[i + 1]] = np.nan if part is None else part
    return decoded(level, column.name, where, whole, column.categories)


def decoded(
    level: Level,
    name: str,
    where: str,
    values: npt.NDArray[Any],
    categories: tuple[str, ...] | None,
) -> npt.NDArray[Any]:
    """Replace numbers by what they stand for; those that stand for nothing by an empty text."""
    if categories is None or values.dtype.kind not in "iu":
        return values
    if bool(((values < -1) | (values >= len(categories))).any()):
        text = f"the attribute {name!r} is shown as numbers: some stand for no category"
        level.report(ATTRIBUTE_LEFT_OUT, where, text)
        return values
    return np.array([*categories, ""])[values.astype(np.int64)]
