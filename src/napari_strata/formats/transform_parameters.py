"""The numbers of a coordinate transform (OME-NGFF): in the JSON, or in an array beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_strata.formats._protocol import Context
from napari_strata.model import Problem
from napari_strata.store.hierarchy import Group, read_array
from napari_strata.store.values import JsonPlace, sequence, vector

MOST_AXES = 32  # numpy's and tensorstore's own limit is no larger

Fields = Mapping[str, Any]


@dataclass
class Reading:
    """What reading transforms needs: the group their paths start from, and where to complain."""

    group: Group
    context: Context
    problems: list[Problem] = field(default_factory=list)


def read_vector(fields: Fields, key: str, at: JsonPlace, reading: Reading, length: int) -> Numbers:
    """Read ``length`` finite numbers.

    Raises
    ------
    OpenError
        If they are missing, of another number, or not finite.
    """
    value, where = read_parameter(fields, key, at, reading)
    return Numbers(vector(value, where, length), where)


@dataclass(frozen=True)
class Numbers:
    """A vector, and where it was found."""

    values: list[float]
    place: JsonPlace


@dataclass(frozen=True)
class Rows:
    """A matrix, row by row, and where it was found."""

    values: list[list[float]]
    place: JsonPlace


def read_matrix(fields: Fields, key: str, at: JsonPlace, reading: Reading, columns: int) -> Rows:
    """Read a matrix of ``columns`` columns: a list of rows, or (first drafts) one flat list.

    Raises
    ------
    OpenError
        If it is missing, is no such matrix, or its numbers are not finite.
    """
    value, where = read_parameter(fields, key, at, reading)
    rows = sequence(value, where)
    if rows and not isinstance(rows[0], list):
        if len(rows) % columns:
            expected = f"rows of {columns} numbers each"
            raise where.unexpected(value, expected, "wrong-length")
        flat = vector(rows, where, len(rows))
        rows = [flat[i : i + columns] for i in range(0, len(flat), columns)]
    if not 1 <= len(rows) <= MOST_AXES:
        raise where.unexpected(value, f"1 to {MOST_AXES} rows of numbers", "wrong-length")
    return Rows([vector(row, where.item(i), columns) for i, row in enumerate(rows)], where)


def read_parameter(
    fields: Fields, key: str, at: JsonPlace, reading: Reading
) -> tuple[object, JsonPlace]:
    """Take the numbers inline, or from the array that ``path`` names.

    Raises
    ------
    OpenError
        If there are neither, or the array is not small, of real numbers, and readable.
    """
    if fields.get(key) is not None:
        return fields[key], at.child(key)
    if fields.get("path") is None:
        raise at.child(key).refuse("missing-key", f"found no {key}, expected numbers or a path")
    if fields.get("url") is not None:  # a draft's way to name another container
        message = "found the address of another container, expected a path in this one"
        raise at.child("url").refuse("bad-path", message)
    where = at.child("path")
    node = reading.group.node.descend(fields["path"], where)
    array = read_array(node, reading.group.encoding, attributes=False)
    if array is None:
        message = f'found no array at "{node.inner_path}", expected one with the {key}'
        raise where.refuse("missing-array", message)
    if len(array.shape) not in (1, 2) or max(array.shape) > (MOST_AXES + 1) ** 2:
        message = f"found an array of shape {array.shape}, expected a vector or a small matrix"
        raise where.refuse("wrong-length", message)
    if array.dtype.kind not in "iuf":
        raise where.refuse("invalid-value", f"found values of type {array.dtype}, expected numbers")
    try:
        return reading.context.read_values(array).tolist(), where
    except OSError as error:
        raise where.refuse("unreadable", str(error)) from error
