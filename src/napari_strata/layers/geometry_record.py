"""What a layer of a geometry carries in ``metadata["strata"]``: plain JSON types."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Sequence
from typing import Any

from napari_strata import report
from napari_strata.dataset import Geometry
from napari_strata.geometry import Box
from napari_strata.layers.viewer_axes import ViewerAxes
from napari_strata.model import Problem

SLAB = "slab"


def geometry_record(
    dataset_path: str,
    geometry: Geometry,
    axes: ViewerAxes,
    *,
    level: int,
    box: Box | None,
    count: int,
    slab: Sequence[float],
    problems: Sequence[Problem],
) -> dict[str, Any]:
    """Describe where a layer comes from, and which of its vertices it shows.

    ``axes``, ``box`` and ``levels`` are the geometry's own: its axes' order and the units they
    declare; a corner of the box is null where there is no limit. ``layer_axes``,
    ``layer_units`` and ``slab`` (how thick a slice shows some of it in 2-D) are the layer's.
    """
    model, decided = geometry.model, geometry.levels[level].decision
    asked = model.format == "zvf" and model.space is not None
    return {
        "format": model.format,
        "path": _opened_path(dataset_path, geometry),
        "geometry": model.path,
        "name": model.name,
        "kind": model.kind,
        "stored_kind": model.stored_kind,
        "segment": model.segment,
        "evidence": model.evidence,
        "axes": report.axes_as_json(geometry),
        "levels": [report.geometry_level_as_json(each) for each in geometry.levels],
        "level": level,
        "box": None if box is None else [[_finite(v) for v in corner] for corner in box],
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


def _opened_path(dataset_path: str, geometry: Geometry) -> str:
    """Give what is opened to have the geometry again; of a segment's mesh, the folder of meshes."""
    path, segment = geometry.path, geometry.model.segment
    if segment is not None:
        path = path.removesuffix(str(segment))
    opened = f"{dataset_path.rstrip('/')}/{path}".rstrip("/")
    if not path.startswith("../"):
        return opened
    scheme, mark, rest = opened.rpartition("://")  # it lies beside; buckets know no ``..``
    return f"{scheme}{mark}{posixpath.normpath(rest)}"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
