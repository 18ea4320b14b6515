"""What a layer of a geometry carries in ``metadata["strata"]``: plain JSON types."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from napari_strata import report
from napari_strata.dataset import Geometry, GeometryLevel
from napari_strata.geometry import Box, GeometryKind
from napari_strata.layers.geometry.address import Address
from napari_strata.layers.viewer_axes import ViewerAxes
from napari_strata.model import Problem

SLAB = "slab"
_KINDS = get_args(GeometryKind)
_NEEDED = {
    "axes",
    "dataset",
    "format",
    "geometry",
    "level",
    "levels",
    "path",
    "space",
    "vertices_shown",
}


def is_geometry_record(note: object) -> bool:
    """Tell whether a layer's record is that of a geometry."""
    return isinstance(note, Mapping) and note.get("kind") in _KINDS and note.keys() >= _NEEDED


def geometry_record(
    dataset_path: str,
    geometry: Geometry,
    axes: ViewerAxes,
    *,
    level: int,
    box: Box | None,
    read: Box | None,
    count: int,
    slab: Sequence[float],
    problems: Sequence[Problem],
) -> dict[str, Any]:
    """Describe where a layer comes from, and which of its vertices it shows.

    ``axes``, ``box`` and ``levels`` are the geometry's own: its axes' order and the units they
    declare; a corner of the box is null where there is no limit. ``read`` is the box of the
    vertices that were read. ``layer_axes``, ``layer_units`` and ``slab`` (how thick a slice
    shows some of it in 2-D) are the layer's.
    """
    model, decided = geometry.model, geometry.levels[level].decision
    asked = model.format == "zvf" and model.space is not None
    address = Address.of(dataset_path, model)
    whole = read if box is None else None
    return {
        "format": model.format,
        "path": address.path,
        "dataset": address.dataset,
        "geometry": model.path,
        "choices": address.choices.to_json(),
        "name": model.name,
        "kind": model.kind,
        "stored_kind": model.stored_kind,
        "segment": model.segment,
        "evidence": model.evidence,
        "axes": report.axes_as_json(geometry),
        "levels": [
            level_record(each, whole if i == level else None)
            for i, each in enumerate(geometry.levels)
        ],
        "level": level,
        "box": None if box is None else [_numbers(corner) for corner in box],
        "space": decided.space,
        "reason": decided.reason,
        "chosen_by": "user" if asked else "evidence",
        "vertices_shown": count,
        "layer_axes": list(axes.labels),
        "layer_units": list(axes.units),
        SLAB: list(slab),
        "problems": [
            report.problem_as_json(p) for p in dict.fromkeys((*geometry.problems, *problems))
        ],
    }


def level_record(level: GeometryLevel, read: Box | None = None) -> dict[str, Any]:
    """Describe a level; ``read`` is the box of all its vertices, if they were read."""
    known = report.geometry_level_as_json(level)
    bounds_read = level.decision.box is not None
    if not bounds_read and read is not None and np.isfinite(read).all():
        known["bounds"], bounds_read = read.tolist(), True
    return {**known, "bounds_read": bounds_read, "declared": declared_as_json(level)}


def declared_as_json(level: GeometryLevel) -> list[list[float | None]] | None:
    """Give the transform a level declares; no vertex is read for it."""
    return None if level.declared is None else [_numbers(row) for row in level.declared]


def with_known_bounds(
    levels: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Keep the bounds of levels whose vertices had been read before, in the same space."""
    found = []
    for now, was in zip(levels, before, strict=True):
        keep = was.get("bounds_read") and not now["bounds_read"] and was["space"] == now["space"]
        found.append({**now, **({k: was[k] for k in ("bounds", "bounds_read")} if keep else {})})
    return found


def _numbers(values: Any) -> list[float | None]:
    return [float(v) if math.isfinite(v) else None for v in values]
