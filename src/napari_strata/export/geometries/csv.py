"""Points and shapes as napari's own CSV: world coordinates, in the columns napari reads.

Columns are ``index, axis-0, axis-1 …`` and the features of points; of shapes ``index, shape-type,
vertex-index, axis-0 …``, one row a vertex. Numbers are written so that they read back the same.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari_strata.layers.annotations.annotation import Annotation

TYPES = frozenset({"points", "shapes"})
_AXIS = "axis-"
_LARGEST = 2**63 - 1


def check_installed() -> None:
    """Nothing beyond Python is needed."""


def write(annotation: Annotation, file: Path) -> None:
    """Write points or shapes to a new file.

    Raises
    ------
    OSError : it cannot be written.
    """
    head, rows = _points(annotation) if annotation.layer_type == "points" else _shapes(annotation)
    with open(file, "x", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(head)
        writer.writerows(rows)


def _points(annotation: Annotation) -> tuple[list[str], Iterable[Sequence[Any]]]:
    places = annotation.vertices.vertices
    head, columns = _features(annotation)
    rows = (
        (index, *map(repr, place), *(_text(column[index]) for column in columns))
        for index, place in enumerate(places.tolist())
    )
    return ["index", *_axes(places.shape[1]), *head], rows


def _shapes(annotation: Annotation) -> tuple[list[str], Iterable[Sequence[Any]]]:
    from napari_strata.layers.annotations.kinds import BACK, Found

    vertices = annotation.vertices
    places = np.asarray(vertices.vertices, dtype=np.float64)
    found = Found(places, None, vertices.vertex_attributes, annotation.layer["data"])
    data, own = BACK["shapes"](found)
    rows = (
        (index, kind, number, *map(repr, vertex))
        for index, (shape, kind) in enumerate(zip(data, own["shape_type"], strict=True))
        for number, vertex in enumerate(shape.tolist())
    )
    return ["index", "shape-type", "vertex-index", *_axes(vertices.vertices.shape[1])], rows


def _axes(ndim: int) -> list[str]:
    return [f"{_AXIS}{i}" for i in range(ndim)]


def _features(annotation: Annotation) -> tuple[list[str], list[Any]]:
    """Name the features; none as napari calls its own columns."""
    from napari_strata.layers.annotations.features import to_table

    columns = dict(annotation.vertices.vertex_attributes)
    layer = annotation.layer
    table = to_table(columns, layer["features"], layer["items"])
    if table is None:
        return [], []
    names = []
    for name in map(str, table.columns):
        own = name == "index" or name.startswith(_AXIS)
        names.append(f"feature {name}" if own else name)
    return names, [table.iloc[:, i].tolist() for i in range(table.shape[1])]


def _text(value: Any) -> str:
    """Write one value; numbers of few bits as long as they are exact."""
    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, int) and abs(value) > _LARGEST:
        return f"{value}.0"  # napari reads what looks like an integer as one of 64 bits
    return "" if value is None else str(value)
