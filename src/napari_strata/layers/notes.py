"""What a layer says about itself in ``metadata["strata"]`` and, if misplaced, in its name.

Everything under ``metadata["strata"]`` is of plain JSON types. Layers that came from one another
share the nested values, so nothing in there is ever changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari.layers import Layer
from napari.utils.notifications import show_warning

from napari_strata.layers.placement import Placement, PlacementError
from napari_strata.model import Problem
from napari_strata.report import problem_as_json

KEY = "strata"
PLACEMENT = "placement"
SHAPES = "level_shapes"
MARK = "⚠"

Shapes = list[tuple[int, ...]]


def remember_placement(
    metadata: Mapping[str, Any] | None, placement: Placement, shapes: Sequence[Sequence[int]]
) -> dict[str, Any]:
    """Return the metadata with the placement and the shapes of the levels it belongs to."""
    metadata = metadata or {}
    return {
        **metadata,
        KEY: {
            **metadata.get(KEY, {}),
            PLACEMENT: placement.to_json(),
            SHAPES: [[int(size) for size in shape] for shape in shapes],
        },
    }


def forget_placement(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata without a placement, for a layer that needs none any more."""
    note = {k: v for k, v in metadata.get(KEY, {}).items() if k not in (PLACEMENT, SHAPES)}
    return {**metadata, KEY: note}


def remembered(metadata: Mapping[str, Any]) -> tuple[Placement, Shapes | None] | None:
    """Return the placement in a layer's metadata, and the shapes it is for where they are noted.

    None where there is no placement, or none that can be read (somebody else's ``"strata"``).
    """
    note = metadata.get(KEY)
    if not isinstance(note, Mapping) or not isinstance(note.get(PLACEMENT), Mapping):
        return None
    try:
        placement = Placement.from_json(note[PLACEMENT])
    except PlacementError:
        return None
    shapes = note.get(SHAPES)
    return placement, None if shapes is None else [tuple(shape) for shape in shapes]


def add_problem(layer: Layer, problem: Problem) -> None:
    """Note one more problem with a layer's others."""
    note = layer.metadata.get(KEY, {})
    problems = [*note.get("problems", []), problem_as_json(problem)]
    layer.metadata = {**layer.metadata, KEY: {**note, "problems": problems}}


def mark_misplaced(layer: Layer, distance: float | None, reason: str) -> None:
    """Say in the layer's name, its problems and a notification that its levels are misplaced.

    Parameters
    ----------
    layer : is given a suffix to its name, once.
    distance : at most so many level-0 voxels; None where that is not known.
    reason : one sentence.
    """
    if MARK in layer.name:
        return
    amount = "may be misplaced" if distance is None else f"misplaced up to {distance:.1f} voxels"
    name = layer.name
    layer.name = f"{name} {MARK} {amount}"
    note = layer.metadata.get(KEY, {})
    message = f"Layer '{name}' {'is ' if distance is not None else ''}{amount}: {reason}"
    where = str(note.get("path", ""))
    add_problem(layer, Problem("misplaced-levels", "warning", where, message))
    show_warning(message)
