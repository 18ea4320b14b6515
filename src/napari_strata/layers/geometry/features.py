"""The features of a geometry's layer: its attributes, object ids and groups, one row an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometry import Vertices

OBJECT_ID = "object_id"
GROUPS = "groups"
MOST_GROUP_COLUMNS = 16  # with more groups, one column names those of each object

Rows = npt.NDArray[np.int64]


def features(
    vertices: Vertices,
    *,
    first_vertex: Rows | None = None,
    part: Rows | None = None,
    edge: Rows | None = None,
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of the features of M items, each of length M.

    Parameters
    ----------
    first_vertex : ``(M,)`` the vertex whose attributes an item has; None: none has any.
    part : ``(M,)`` the part an item belongs to, where object ids are those of parts.
    edge : ``(M,)`` the edge an item is; None where it is none.

    An attribute of several values gives a column for each, named ``NAME_0``, ``NAME_1`` …; a
    name that is taken gets a number behind it.
    """
    columns: dict[str, npt.NDArray[Any]] = {}
    owner = part if vertices.parts is not None else first_vertex
    if vertices.object_ids is not None and owner is not None:
        ids = vertices.object_ids[owner]
        columns[OBJECT_ID] = ids
        _add_of_objects(columns, vertices, ids)
        _add_groups(columns, vertices.groups, ids)
    if first_vertex is not None:
        _add_taken(columns, vertices.vertex_attributes, first_vertex)
    if edge is not None:
        _add_taken(columns, vertices.edge_attributes, edge)
    return columns


def _add_taken(
    columns: dict[str, npt.NDArray[Any]], attributes: Mapping[str, npt.NDArray[Any]], rows: Rows
) -> None:
    for name, values in attributes.items():
        _add(columns, name, np.asarray(values)[rows])


def _add(columns: dict[str, npt.NDArray[Any]], name: str, values: npt.NDArray[Any]) -> None:
    if values.ndim == 1:
        columns[_free(columns, name)] = values
        return
    flat = values.reshape(len(values), -1) if len(values) else values.reshape(0, 1)
    for index in range(flat.shape[1]):
        suffix = f"_{index}" if flat.shape[1] > 1 else ""
        columns[_free(columns, f"{name}{suffix}")] = flat[:, index]


def _free(columns: Mapping[str, Any], name: str) -> str:
    candidate, number = name, 2
    while candidate in columns:
        candidate, number = f"{name} ({number})", number + 1
    return candidate


def _add_of_objects(columns: dict[str, npt.NDArray[Any]], vertices: Vertices, ids: Rows) -> None:
    """Spread the objects' own attributes to the items of each; without a row: missing."""
    known = vertices.attribute_ids
    if known is None or not len(known):
        return
    order = np.argsort(known, kind="stable")
    found = np.minimum(np.searchsorted(known, ids, sorter=order), len(known) - 1)
    row = order[found]
    has_one = known[row] == ids
    for name, values in vertices.object_attributes.items():
        _add(columns, name, _with_missing(np.asarray(values)[row], has_one))


def _with_missing(values: npt.NDArray[Any], present: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    """Say "missing" where there is no value: NaN for floats, None for anything else."""
    if present.all():
        return values
    result = values.copy() if values.dtype.kind == "f" else values.astype(object)
    result[~present] = np.nan if values.dtype.kind == "f" else None
    return result


def _add_groups(
    columns: dict[str, npt.NDArray[Any]], groups: Mapping[str, tuple[int, ...]], ids: Rows
) -> None:
    """Say which groups an item's object is in: a column a group, or one that names them all."""
    if len(groups) <= MOST_GROUP_COLUMNS:
        for name, members in groups.items():
            inside = np.isin(ids, np.array(members, dtype=np.int64))
            columns[_free(columns, f"group {name}")] = inside
        return
    names: dict[int, list[str]] = {}
    for name, members in groups.items():
        for member in members:
            names.setdefault(member, []).append(name)
    distinct, of_item = np.unique(ids, return_inverse=True)
    text = np.array([", ".join(names.get(int(i), [])) for i in distinct], dtype=object)
    columns[_free(columns, GROUPS)] = text[of_item] if len(text) else text
