"""A napari layer of points, shapes, vectors, a surface or tracks as geometry, and back, exactly.

The geometry is in the world of the layer: its whole transform is applied, in its own units. What
napari knows beyond geometry (how it looks, its features, which shape is an ellipse) is plain JSON
beside it, `Geometry.layer` of what is read back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import dataset
from napari_strata.geometry import Vertices
from napari_strata.layers.annotations import kinds as kinds
from napari_strata.layers.annotations import world as world
from napari_strata.layers.annotations.features import to_columns
from napari_strata.layers.annotations.kinds import Drawn, Stored
from napari_strata.layers.annotations.style import style_as_json
from napari_strata.layers.common_origin import OFFSET
from napari_strata.layers.notes import KEY
from napari_strata.model import Axis, Problem

VERSION = 1
ORDER = "strata_order"
"""The vertex attribute that says which place a vertex had: stores keep vertices by cells."""

LayerData = tuple[Any, dict[str, Any], str]


@dataclass(frozen=True)
class Annotation:
    """A layer as geometry, ready to be stored.

    Attributes
    ----------
    layer_type : napari's name of it.
    stored : what ZVF calls the geometry.
    axes : of the columns of the vertices, in the layer's order; units as the layer's.
    vertices : in world, in the layer's order; features are attributes of the vertices, those of
        shapes and vectors of the objects.
    layer : plain JSON values, what the geometry alone does not tell.
    problems : what is not stored, and what a reader should know.
    """

    name: str
    layer_type: str
    stored: Stored
    axes: tuple[Axis, ...]
    vertices: Vertices
    layer: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class LayerCopy:
    """A layer as it was: what is done to the layer later is not in it."""

    name: str
    data: Any
    settings: Mapping[str, Any]
    _type_string: str

    def as_layer_data_tuple(self) -> LayerData:
        """Return what napari makes a layer of."""
        return self.data, dict(self.settings), self._type_string


def copy_of(layer: Any) -> LayerCopy:
    """Copy a layer in the thread that changes it, so that any other may describe the copy.

    This is quick, describing is not. What is in the metadata is not copied.
    """
    data, settings, layer_type = layer.as_layer_data_tuple()
    left = {"metadata"}
    if settings.get("features") is not None:
        left.add("properties")  # which are the same once more
    copied = {key: _copied(value) for key, value in settings.items() if key not in left}
    copied["metadata"] = dict(settings.get("metadata") or {})
    return LayerCopy(layer.name, _copied(data), copied, layer_type)


def _copied(value: Any) -> Any:
    """Copy arrays and tables, also in lists and dictionaries; napari replaces all else."""
    if isinstance(value, list | tuple):
        copies = [_copied(one) for one in value]
        return tuple(copies) if isinstance(value, tuple) else copies
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    is_table = isinstance(value, np.ndarray) or type(value).__name__ == "DataFrame"
    return value.copy() if is_table else value


def from_layer(layer: Any) -> Annotation:
    """Describe a napari layer; see `from_layer_data`."""
    as_data = getattr(layer, "as_layer_data_tuple", None)
    if not callable(as_data):
        raise ValueError(f"found a {type(layer).__name__}, expected a layer of napari")
    return from_layer_data(*as_data())


def from_layer_data(data: Any, meta: Mapping[str, Any], layer_type: str) -> Annotation:
    """Describe a layer data tuple of napari.

    Raises
    ------
    ValueError
        If it is of another type, empty, of fewer than two or more than four axes, has
        coordinates that are no finite numbers, or holds something that cannot be stored
        exactly; the message names the layer and what it is.
    """
    name = str(meta.get("name") or layer_type)
    try:
        return _describe(name, data, meta, layer_type)
    except ValueError as error:
        raise ValueError(f"Layer '{name}' cannot be written as ZVF: {error}") from error


def _describe(name: str, data: Any, meta: Mapping[str, Any], layer_type: str) -> Annotation:
    if layer_type not in kinds.DRAW:
        known = "points, shapes, vectors, surfaces and tracks"
        raise ValueError(f"it is of type {layer_type}; ZVF holds {known}")
    ndim = _ndim(data, meta, layer_type)
    if not world.FEWEST_AXES <= ndim <= world.MOST_AXES:
        raise ValueError(f"it has {ndim} axes; ZVF holds 2 to 4")
    matrix = world.matrix_of(meta, ndim)
    drawn = kinds.DRAW[layer_type](data, meta, matrix)
    _check(drawn)
    labels, units = world.axis_labels(meta, ndim), world.unit_names(meta, ndim)
    axes = world.stored_axes(labels, units, time_first=layer_type == "tracks")
    columns, described = to_columns(_features(meta, layer_type), tuple(drawn.columns))
    metadata, problems = _metadata(name, meta.get("metadata") or {})
    layer = {
        "version": VERSION,
        "type": layer_type,
        "name": name,
        "space": "world",
        "axes": [axis.name for axis in axes],
        "labels": list(labels),
        "units": list(units),
        "vertices": len(drawn.vertices),
        "items": drawn.items,
        "features": described,
        "style": style_as_json(layer_type, meta, world.drawn_size(matrix)),
        "metadata": metadata,
        "data": drawn.extra,
    }
    vertices = _vertices(drawn, columns, layer_type)
    return Annotation(name, layer_type, drawn.stored, axes, vertices, layer, tuple(problems))


def _ndim(data: Any, meta: Mapping[str, Any], layer_type: str) -> int:
    if layer_type == "surface":
        values = np.ndim(data[2]) - 1 if len(data) > 2 and data[2] is not None else 0
        return int(np.shape(data[0])[1]) + max(values, 0)
    if layer_type == "shapes":
        if len(data):
            return int(np.shape(data[0])[1])
        return int(meta.get("ndim") or world.FEWEST_AXES)
    shape = np.shape(data)
    if len(shape) < 2:
        return int(meta.get("ndim") or world.FEWEST_AXES)
    return int(shape[-1]) - (layer_type == "tracks")


def _check(drawn: Drawn) -> None:
    if not len(drawn.vertices):
        raise ValueError("it is empty, and ZVF has no empty geometry")
    bad = np.flatnonzero(~np.isfinite(drawn.vertices).all(axis=1))
    if len(bad):
        found = drawn.vertices[bad[0]].tolist()
        raise ValueError(
            f"{len(bad)} of its {len(drawn.vertices)} vertices have a coordinate that is no finite "
            f"number; the first is {found}"
        )
    if drawn.parts is not None and np.any(np.diff(drawn.parts) < 1):
        raise ValueError("one of its shapes has no vertices")
    if drawn.faces is not None:
        if not len(drawn.faces):
            raise ValueError("it has no faces")
        if drawn.faces.min() < 0 or drawn.faces.max() >= len(drawn.vertices):
            raise ValueError("a face names a vertex that is not there")


def _features(meta: Mapping[str, Any], layer_type: str) -> Any:
    import pandas as pd

    table = meta.get("features")
    if table is None:
        table = meta.get("properties") or {}
    if not isinstance(table, pd.DataFrame):
        table = pd.DataFrame(dict(table))
    if layer_type == "tracks":  # napari puts them there itself
        table = table.drop(columns=kinds.TRACK, errors="ignore")
    return table


def _metadata(name: str, metadata: Mapping[Any, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Keep what is JSON; what we noted ourselves is made anew when it is read."""
    kept: dict[str, Any] = {}
    problems = []
    for key, value in metadata.items():
        if key == KEY:
            continue
        try:
            same = isinstance(key, str) and json.loads(json.dumps(value, allow_nan=False)) == value
        except (TypeError, ValueError, RecursionError):
            same = False
        if same:
            kept[key] = value
        else:
            message = f"the metadata '{key}' is not plain JSON; it is not stored"
            problems.append(Problem("not-stored", "warning", name, message))
    note = metadata.get(KEY)
    if isinstance(note, Mapping) and OFFSET in note:
        message = f"it was moved to a common origin by minus {note[OFFSET]}; it is stored as moved"
        problems.append(Problem("stored-as-moved", "warning", name, message))
    return kept, problems


def _vertices(drawn: Drawn, features: Mapping[str, Any], layer_type: str) -> Vertices:
    order = {ORDER: np.arange(len(drawn.vertices), dtype=np.int64)}
    if layer_type not in ("shapes", "vectors"):
        return Vertices(
            vertices=drawn.vertices,
            parts=drawn.parts,
            faces=drawn.faces,
            vertex_attributes={**order, **drawn.columns, **features},
        )
    objects = np.arange(drawn.items, dtype=np.int64)
    return Vertices(
        vertices=drawn.vertices,
        parts=drawn.parts,
        vertex_attributes={**order, **drawn.columns},
        object_ids=objects,
        object_attributes=features,
        attribute_ids=objects,
    )


def restore(
    geometry: dataset.Geometry, vertices: Vertices, arguments: Mapping[str, Any]
) -> LayerData | None:
    """Make the layer again that a geometry was written from.

    Parameters
    ----------
    geometry : of which ``model.layer`` says what it was written from.
    vertices : level 0, all of it.
    arguments : what any layer of this geometry is given: ``scale``, ``units`` and
        ``axis_labels`` in the order of the geometry's axes, ``metadata``, ``visible``, ``name``.

    Returns
    -------
    None where the vertices are not all there, were changed since, or are taken as in another
    space, and where the description cannot be read. Then, and where the settings cannot be used,
    a problem is added to those in ``metadata["strata"]``, if ``arguments`` has them.
    """
    from napari_strata.layers.annotations.restore import restored

    return restored(geometry, vertices, arguments)


def in_order(order: npt.NDArray[Any] | None, count: int) -> npt.NDArray[np.int64] | None:
    """Give, for each place from 0, which row has it; None unless each place is there once."""
    if order is None or order.shape != (count,) or order.dtype.kind not in "iu":
        return None
    rows = np.argsort(order, kind="stable")
    return rows if np.array_equal(order[rows], np.arange(count)) else None


def columns_for(axes: Sequence[Axis], names: Sequence[Any]) -> list[int] | None:
    """Tell for each name which of the axes has it; None unless they are the same."""
    found = [axis.name for axis in axes]
    if not all(isinstance(name, str) for name in names) or sorted(found) != sorted(names):
        return None
    return [found.index(name) for name in names]
