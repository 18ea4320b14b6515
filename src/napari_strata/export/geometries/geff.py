"""Tracks as GEFF, the Graph Exchange File Format: a node a point, an edge a step.

Nodes are in world coordinates. Edges lead from a point of a track to its next one, and from the
last point of a track to the first of those that come from it. Written by the ``geff`` package,
which is installed by ``napari-strata[geff]``.
"""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_strata.export.errors import ExportError

if TYPE_CHECKING:
    from napari_strata.layers.annotations.annotation import Annotation

TYPES = frozenset({"tracks"})
TRACK = "track_id"
_OTHER = re.compile(r"[^\w.-]+")


def check_installed() -> None:
    """Refuse where the library is missing.

    Raises
    ------
    ExportError : it says how to install it.
    """
    if importlib.util.find_spec("geff") is None:
        raise ExportError(
            "GEFF is written by the package geff, which is not installed; "
            "pip install 'napari-strata[geff]'"
        )


def write(annotation: Annotation, folder: Path) -> None:
    """Write tracks to a new folder.

    Raises
    ------
    ExportError, OSError : they cannot be written.
    """
    from geff import GeffMetadata
    from geff.core_io import write_arrays
    from geff_spec import Axis

    places = annotation.vertices.vertices
    axes = [Axis(name=a.name, type=a.type, unit=a.unit) for a in annotation.axes]
    nodes = np.arange(len(places), dtype=np.uint64)
    metadata = GeffMetadata(
        directed=True, axes=axes, node_props_metadata={}, edge_props_metadata={}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of units it does not know
        try:
            write_arrays(
                str(folder), nodes, _properties(annotation), edges(annotation), {}, metadata
            )
        except (ValueError, TypeError) as error:
            raise ExportError(
                f"Layer '{annotation.name}' cannot be written as GEFF: {error}"
            ) from error


def edges(annotation: Annotation) -> npt.NDArray[np.uint64]:
    """Give ``(M, 2)``: from which node to which a step leads; within tracks, then between them."""
    tracks = annotation.vertices.vertex_attributes[TRACK]
    same = np.flatnonzero(tracks[1:] == tracks[:-1])
    steps = np.stack([same, same + 1], axis=1)
    between = [
        (int(np.flatnonzero(tracks == parent)[-1]), int(np.flatnonzero(tracks == child)[0]))
        for child, parents in annotation.layer["data"]["graph"]
        for parent in parents
    ]
    joined = np.array(between, dtype=np.int64).reshape(-1, 2)
    return np.concatenate([steps, joined]).astype(np.uint64)


def _properties(annotation: Annotation) -> dict[str, Any]:
    """Give each column: the coordinates, the track, and features that are numbers or text."""
    from napari_strata.layers.annotations.features import to_table

    columns = dict(annotation.vertices.vertex_attributes)
    found: dict[str, Any] = {
        axis.name: annotation.vertices.vertices[:, i].copy()
        for i, axis in enumerate(annotation.axes)
    }
    found[TRACK] = columns[TRACK]
    layer = annotation.layer
    table = to_table(columns, layer["features"], layer["items"])
    for index in range(0 if table is None else table.shape[1]):
        column = table.iloc[:, index]  # type: ignore[union-attr]
        values = column.to_numpy()
        if values.dtype == object and all(isinstance(value, str) for value in values):
            values = values.astype(str)
        if values.dtype.kind not in "iufbU" or values.dtype == np.float16:
            continue
        found[_free_name(str(column.name), found)] = values
    return {name: {"values": values, "missing": None} for name, values in found.items()}


def _free_name(name: str, taken: Container[str]) -> str:
    """Give a name that can be that of a folder, and is not taken."""
    base = _OTHER.sub("_", name).strip("._") or "feature"
    found, count = base, 1
    while found in taken:
        count += 1
        found = f"{base}_{count}"
    return found
