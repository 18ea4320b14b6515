"""Where the vertices of a geometry of ours come from, as its record has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_strata import affine
from napari_strata.layers.inspecting.contribution import Contribution, Rows, rows
from napari_strata.layers.inspecting.live_contributions import live_parts
from napari_strata.layers.inspecting.live_place import world_in_micrometres
from napari_strata.layers.viewer_axes import ViewerAxes, arranged_axes
from napari_strata.model import Axis


def geometry_parts(layer: Layer, note: Mapping[str, Any], level: int) -> list[Contribution]:
    """List what takes a stored vertex to the world, from the world inwards.

    The layer's data are the vertices in the layer's order of axes and the units that are
    declared; its ``scale``, unless something else was set, makes them micrometres and seconds.
    """
    axes = [Axis(str(a["name"]), a["type"], a["unit"]) for a in note["axes"]]
    found = arranged_axes(axes)
    n = len(axes)
    opened = affine.from_scale_translate([found.factors[axis] for axis in found.order])
    parts = live_parts(layer)
    if opened.shape[0] == layer.ndim + 1 and np.array_equal(world_in_micrometres(layer), opened):
        named = [f"{a.name}: {a.unit} → {u}" for a, u in _units(axes, found) if a.unit is not None]
        unit = Contribution("unit", "", rows(opened), "computed", "; ".join(named))
        parts = [unit] if named else []
    if list(found.order) != list(range(n)):
        names = f"the layer has the axes {', '.join(found.labels)}"
        order = np.eye(n + 1)[[*found.order, n]]
        parts.append(Contribution("axes of the layer", "", rows(order), "computed", names))
    return [*parts, *_space(note, level)]


def _units(axes: Sequence[Axis], found: ViewerAxes) -> list[tuple[Axis, str]]:
    return [(axes[axis], unit) for axis, unit in zip(found.order, found.units, strict=True)]


def _space(note: Mapping[str, Any], level: int) -> list[Contribution]:
    """Say whether the declared transform is applied to the vertices, and why."""
    declared = note["levels"][level]
    space, reason = str(declared["space"]), str(declared["reason"])
    path = str(declared["path"])
    matrix = _matrix(declared.get("declared"))
    by_user = level == note["level"] and note.get("chosen_by") == "user"
    reason = f"{reason}; as was asked for" if by_user else reason
    if space == "declared" and matrix is not None:
        return [Contribution("declared transform", path, matrix, "declared", reason)]
    if matrix is None:
        return []
    text = "the stored vertices are taken as world coordinates; this transform is not applied"
    note_ = f"{text}: {reason}" if reason else text
    return [Contribution("declared transform", path, None, "ignored", note_)]


def _matrix(value: Any) -> Rows | None:
    if value is None or any(number is None for row in value for number in row):
        return None
    return rows(value)
