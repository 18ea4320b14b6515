"""What a layer of a geometry shows: another level, a box of it, another reading of its vertices.

The layer stays the same object. Reading and changing the layer are apart, so that a window can
read in a thread: `show` is both.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from napari.layers import Layer, Points, Shapes, Surface, Vectors

from napari_strata.geometry import VertexSpace
from napari_strata.layers.geometry.build import Depicted, depict
from napari_strata.layers.geometry.drawing import LayerType
from napari_strata.layers.geometry.level import level_name
from napari_strata.layers.geometry.record import with_known_bounds
from napari_strata.layers.geometry.replace import replace_data
from napari_strata.layers.geometry.source import geometry_note, source
from napari_strata.layers.notes import KEY
from napari_strata.report import problem_as_json

_TYPES: dict[type[Layer], LayerType] = {
    Points: "points",
    Vectors: "vectors",
    Shapes: "shapes",
    Surface: "surface",
}


def show(
    layer: Layer,
    *,
    level: int | None = None,
    box: npt.ArrayLike | None = None,
    vertices: VertexSpace | None = None,
) -> None:
    """Show other vertices in a layer: its data, features and record are replaced.

    Parameters
    ----------
    level : which one; None stays with the one that is shown.
    box : ``(2, n)`` in the geometry's units, the order of its axes; None shows everything.
    vertices : how they are taken; None: decided by evidence.

    Raises
    ------
    OpenError
        If they cannot be read.
    ValueError
        If the layer is none of ours, or cannot hold what there is. The layer is as it was then.
    """
    apply(layer, read(layer, level=level, box=box, vertices=vertices))


def read(
    layer: Layer,
    *,
    level: int | None = None,
    box: npt.ArrayLike | None = None,
    vertices: VertexSpace | None = None,
) -> Depicted:
    """Read for a layer, as `show` does, and leave it alone; in any thread."""
    note = geometry_note(layer)
    kind = _layer_type(layer)
    geometry = source(layer)
    if vertices is not None and geometry.format == "zvf":
        geometry = geometry.with_vertices(vertices)
    index = int(note["level"]) if level is None else level
    corners = None if box is None else np.asarray(box, dtype=np.float64)
    return depict(geometry, index, corners, kind)


def _layer_type(layer: Layer) -> LayerType:
    if isinstance(layer, Shapes) and set(layer.shape_type) - {"path"}:
        raise ValueError(
            f"the layer '{layer.name}' has shapes that are no paths, which no other level keeps; "
            "open its file again to see another"
        )
    for type_, name in _TYPES.items():
        if isinstance(layer, type_):
            return name
    raise ValueError(
        f"the layer '{layer.name}' is a {type(layer).__name__} layer, which holds one level only; "
        "open its file again to see another"
    )


def apply(layer: Layer, depicted: Depicted) -> None:
    """Put what was read into its layer; in the window's thread, all or nothing."""
    note = geometry_note(layer)
    new = depicted.record(str(note["dataset"]))
    new["levels"] = with_known_bounds(new["levels"], note["levels"])
    name = _renamed(layer.name, int(note["level"]), depicted.level)
    lost = replace_data(layer, depicted.drawing, level=f"level {depicted.level}")
    new["problems"] = [*new["problems"], *(problem_as_json(each) for each in lost)]
    layer.metadata = {**layer.metadata, KEY: {**note, **new}}
    if layer.name != name:
        layer.name = name


def _renamed(name: str, was: int, now: int) -> str:
    """Let a layer's name say another level, in the place where it said the old one."""
    old, new = level_name(was), level_name(now)
    if not old:
        return f"{name}{new}"
    head, found, tail = name.rpartition(old)
    return f"{head}{new}{tail}" if found else f"{name}{new}"
