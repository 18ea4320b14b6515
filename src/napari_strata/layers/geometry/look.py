"""How large points and how thick lines are drawn, and how thick a slab of them a 2-D view shows.

All from how the vertices lie: large enough to be seen, not so large that they hide each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.layers.geometry.drawing import Drawing, LayerType

_OF_SPACING = 0.4  # a point's size, as a share of the typical distance of neighbours
_LARGEST_SHARE, _SMALLEST_SHARE = 1 / 40, 1 / 1000  # of the longest edge of the box
_LINE_OF_EDGE = 1 / 400
_SEEN_POINT = 4.0  # pixels on the canvas, however far away
_MOST_LOOKED_AT = 100_000
_MOST_STEPS = 1000  # more distinct values than these are no time points
POINT_COLOUR, LINE_COLOUR = "#ffd23f", "#ff9f1c"
_LABEL_COLOURS = 49  # of a Labels layer


@dataclass(frozen=True)
class Look:
    """Arguments of the layer that say how it looks; ``slab`` is in world, one number an axis."""

    arguments: dict[str, Any]
    slab: tuple[float, ...]


def look(
    drawing: Drawing,
    factors: Sequence[float],
    space: Sequence[bool],
    segment: int | None = None,
) -> Look:
    """Choose how a layer looks.

    Parameters
    ----------
    factors : from the data to world, one number for each of the layer's axes.
    space : which of the axes are space.
    segment : whose mesh it is: coloured as napari colours the label.
    """
    points = _sample(drawing)
    scale = np.asarray(factors, dtype=np.float64)
    is_space = np.asarray(space) if np.any(space) else np.ones(len(scale), dtype=bool)
    world = (points * scale)[:, is_space]
    size = _size(world, drawing.count)
    longest = _longest(world)
    width = longest * _LINE_OF_EDGE or size
    reach = max(_reach(drawing, scale, is_space), size)
    steps = [reach if s else _step(points[:, i] * scale[i]) for i, s in enumerate(is_space)]
    unit = float(abs(scale[-1])) or 1.0  # napari sizes points and lines by the last axis
    arguments = _arguments(drawing, size / unit, width / unit, segment)
    return Look(arguments, tuple(float(step) for step in steps))


def _arguments(drawing: Drawing, size: float, width: float, segment: int | None) -> dict[str, Any]:
    kind: LayerType = drawing.type
    if kind == "points":
        return {
            "size": size,
            "border_width": 0.0,
            "face_color": POINT_COLOUR,
            "canvas_size_limits": (_SEEN_POINT, 10_000),
            "projection_mode": "all",
        }
    if kind == "vectors":
        return {
            "vector_style": "line",
            "edge_width": width,
            "edge_color": LINE_COLOUR,
            "projection_mode": "all",
        }
    if kind == "shapes":
        return {
            "shape_type": "path",
            "edge_width": width,
            "edge_color": LINE_COLOUR,
            "face_color": "transparent",
        }
    return {**_surface_look(drawing, segment), **_surface_slab()}


def _surface_look(drawing: Drawing, segment: int | None) -> dict[str, Any]:
    if len(drawing.data) == 3:
        finite = drawing.data[2][np.isfinite(drawing.data[2])]
        low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
        limits = (low, high if high > low else low + 1.0)
        return {"shading": "smooth", "colormap": "viridis", "contrast_limits": limits}
    plain = {"shading": "smooth", "contrast_limits": (0.0, 1.0)}
    if segment is None:
        return {**plain, "colormap": "gray"}
    from napari.utils import Colormap
    from napari.utils.colormaps import label_colormap

    red, green, blue = np.ravel(label_colormap(_LABEL_COLOURS).map(np.array([segment])))[
        :3
    ].tolist()
    colours = [[0.0, 0.0, 0.0, 1.0], [red, green, blue, 1.0]]
    return {**plain, "colormap": Colormap(colours, name=f"segment {segment}")}


def _surface_slab() -> dict[str, str]:
    """Show faces in the whole slab where this napari can (0.9); else those in napari's own."""
    from napari.layers import Surface

    modes = [str(mode) for mode in Surface._projectionclass]
    return {"projection_mode": "all"} if "all" in modes else {}


def _sample(drawing: Drawing) -> npt.NDArray[np.float64]:
    """Give some vertices, evenly picked."""
    if drawing.type == "shapes":
        found = np.concatenate(drawing.data)
    elif drawing.type == "surface":
        found = drawing.data[0]
    else:
        found = drawing.data
    every = max(1, len(found) // _MOST_LOOKED_AT)
    finite = np.asarray(found[::every], dtype=np.float64)
    if drawing.type == "vectors":  # both ends
        finite = np.concatenate([finite[:, 0], finite.sum(axis=1)])
    return finite[np.isfinite(finite).all(axis=1)]


def _longest(world: npt.NDArray[np.float64]) -> float:
    return float(np.ptp(world, axis=0).max()) if len(world) else 0.0


def _size(world: npt.NDArray[np.float64], count: int) -> float:
    """Give the size of a point in world; 1 where all are at one place."""
    spans = np.ptp(world, axis=0) if len(world) else np.zeros(0)
    spans = spans[spans > 0]
    if not len(spans):
        return 1.0
    longest = float(spans.max())
    flat = spans[spans > longest * _SMALLEST_SHARE]
    # By logarithms: the product of extents may overflow.
    spacing = float(np.exp((np.log(flat).sum() - np.log(max(count, 1))) / len(flat)))
    return float(
        np.clip(_OF_SPACING * spacing, longest * _SMALLEST_SHARE, longest * _LARGEST_SHARE)
    )


def _reach(
    drawing: Drawing, scale: npt.NDArray[np.float64], is_space: npt.NDArray[np.bool_]
) -> float:
    """Say how far a typical segment or face reaches: a thinner slab would show none whole."""
    if drawing.type == "vectors":
        every = max(1, len(drawing.data) // _MOST_LOOKED_AT)
        ways = (drawing.data[::every, 1] * scale)[:, is_space]
        return float(np.median(np.abs(ways).max(axis=1)))
    if drawing.type == "surface":
        places, faces = drawing.data[:2]
        every = max(1, len(faces) // _MOST_LOOKED_AT)
        corners = (places[faces[::every]] * scale)[..., is_space]
        return 4 * float(np.median(np.ptp(corners, axis=1).max(axis=1)))
    return 0.0


def _step(values: npt.NDArray[np.float64]) -> float:
    """Give the distance between time points (or channels); 0 where it is not plain."""
    distinct = np.unique(values)
    gaps = np.diff(distinct)
    return float(gaps.min()) * 0.999 if 0 < len(gaps) < _MOST_STEPS else 0.0
