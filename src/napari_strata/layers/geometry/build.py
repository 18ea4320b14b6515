"""From a geometry to napari layers: points, lines, graphs and meshes where they really are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from napari_strata.dataset import Geometry
from napari_strata.geometry import Box, Vertices
from napari_strata.layers.geometry.bounds import beyond_bounds
from napari_strata.layers.geometry.drawing import Drawing, LayerType, best_type, draw
from napari_strata.layers.geometry.far import far_problem
from napari_strata.layers.geometry.level import Chosen, level_name, read_best
from napari_strata.layers.geometry.look import Look, look
from napari_strata.layers.geometry.record import geometry_record
from napari_strata.layers.notes import KEY
from napari_strata.layers.viewer_axes import ViewerAxes, arranged_axes
from napari_strata.model import OpenError, Problem

LayerData = tuple[Any, dict[str, Any], str]

_LACKING = {"mesh": "faces", "graph": "edges", "lines": "lines of two vertices"}
_ARRAYS_PRESENT = "arrays_present"  # what a level's location may say of what is stored


@dataclass(frozen=True)
class Depicted:
    """A level of a geometry, read and brought into the form of a layer."""

    geometry: Geometry
    level: int
    box: Box | None
    vertices: Vertices
    axes: ViewerAxes
    drawing: Drawing
    look: Look
    problems: tuple[Problem, ...]

    def record(self, dataset_path: str) -> dict[str, Any]:
        """Say where it comes from: what the layer carries in its metadata."""
        return geometry_record(
            dataset_path,
            self.geometry,
            self.axes,
            level=self.level,
            box=self.box,
            read=self.vertices.bounds,
            count=self.drawing.count,
            slab=self.look.slab,
            problems=self.problems,
        )


def geometry_layers(
    dataset_path: str,
    geometry: Geometry,
    problems: list[Problem],
    *,
    level: int | None = None,
    box: Box | None = None,
    visible: bool = True,
) -> list[LayerData]:
    """Make the layer of a geometry; none of a folder of meshes, whose segments are chosen.

    Parameters
    ----------
    dataset_path : what was opened, and is opened again to show another level.
    problems : gets those of the geometry, and an error where it cannot be drawn.
    level : by default the finest that fits the budget, see `read_best`.
    box : ``(2, n)`` in the geometry's units, the order of its axes; by default everything.

    Returns
    -------
    One (data, arguments, type) tuple, or nothing. The vertices are as they were read; the
    layer's ``scale`` turns the declared unit into micrometres and seconds.
    """
    try:
        depicted = depict(geometry, level, box)
    except OpenError as error:
        problems.append(error.problem)
        return []
    except ValueError as error:
        where = geometry.path or "."
        problems.append(Problem("geometry-not-drawn", "error", where, f"not drawn: {error}"))
        return []
    problems += [p for p in (*geometry.problems, *depicted.problems) if p not in problems]
    return [_layer(dataset_path, depicted, visible)]


def depict(
    geometry: Geometry, level: int | None, box: Box | None, to: LayerType | None = None
) -> Depicted:
    """Read a level and bring it into the form of a layer; of the given type, if one is given.

    Raises
    ------
    OpenError
        If the vertices cannot be read.
    ValueError
        If there is nothing to draw, or a layer of that type cannot hold it.
    """
    axes = arranged_axes(geometry.axes)
    if len(axes.order) < 2:
        raise ValueError("it has one axis, napari draws two and more; read it with strata.open")
    if not geometry.levels:
        raise ValueError("it has no levels")
    if level is not None and not 0 <= level < len(geometry.levels):
        raise ValueError(f"there is no level {level}; levels are 0 to {len(geometry.levels) - 1}")
    chosen = (
        read_best(geometry, box)
        if level is None
        else Chosen(level, geometry.levels[level].read(box))
    )
    shown = _without_bookkeeping(geometry, chosen.vertices)
    if not len(shown.vertices):
        what = "in the box" if box is not None else "stored"
        raise ValueError(f"level {chosen.level} has no vertices {what}")
    kind = to or best_type(shown)
    where = geometry.levels[chosen.level].path or geometry.path or "."
    drawing = draw(shown, axes.order, kind, where)
    factors = [axes.factors[i] for i in axes.order]
    space = [geometry.axes[i].type == "space" for i in axes.order]
    problems = (
        *chosen.problems,
        *chosen.vertices.problems,
        *drawing.problems,
        *_fallback(geometry, chosen.level, drawing, where),
        *far_problem(shown, geometry, where),
        *beyond_bounds(shown, geometry, geometry.path or "."),
    )
    return Depicted(
        geometry,
        chosen.level,
        box,
        chosen.vertices,
        axes,
        drawing,
        look(drawing, factors, space, geometry.model.segment),
        tuple(dict.fromkeys(problems)),
    )


def _without_bookkeeping(geometry: Geometry, vertices: Vertices) -> Vertices:
    """Leave out attributes that are there for bringing back a layer, where we wrote the store."""
    if not geometry.model.layer:
        return vertices
    from napari_strata.layers.annotations.features import RESERVED

    kept = {k: v for k, v in vertices.vertex_attributes.items() if not k.startswith(RESERVED)}
    return replace(vertices, vertex_attributes=kept)


def _fallback(geometry: Geometry, level: int, drawing: Drawing, where: str) -> tuple[Problem, ...]:
    """Announce that lines, a graph or a mesh is shown as points."""
    if drawing.type != "points" or geometry.kind == "points":
        return ()
    lacking = _LACKING[geometry.kind]
    message = f"level {level} has no {lacking} here, so its vertices are shown as points"
    others = [
        str(i)
        for i, each in enumerate(geometry.levels)
        if "links" in each.model.location.metadata.get(_ARRAYS_PRESENT, ()) and i != level
    ]
    if others and geometry.kind != "lines":
        plural = "levels" if others[1:] else "level"
        message += f"; {lacking} are stored in {plural} {', '.join(others)}"
    return (Problem("shown-as-points", "warning", where, message),)


def _layer(dataset_path: str, depicted: Depicted, visible: bool) -> LayerData:
    geometry, axes = depicted.geometry, depicted.axes
    placement: dict[str, Any] = {
        "name": f"{geometry.name}{level_name(depicted.level)}",
        "scale": tuple(axes.factors[i] for i in axes.order),
        "axis_labels": axes.labels,
        "units": axes.units,
        "visible": visible,
        "metadata": {KEY: depicted.record(dataset_path)},
    }
    if geometry.model.layer and depicted.level == 0 and depicted.box is None:
        from napari_strata.layers.annotations.annotation import restore

        restored = restore(geometry, depicted.vertices, placement)
        if restored is not None:
            return restored
    drawing = depicted.drawing
    arguments = {**placement, **depicted.look.arguments, "features": dict(drawing.features)}
    if drawing.type == "points":
        arguments["ndim"] = len(axes.order)
    return drawing.data, arguments, drawing.type
