"""From a geometry we wrote ourselves back to the layer it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import dataset
from napari_strata.geometry import Vertices
from napari_strata.layers.annotations import annotation as described
from napari_strata.layers.annotations import kinds as kinds
from napari_strata.layers.annotations.features import to_table
from napari_strata.layers.annotations.kinds import Found
from napari_strata.layers.annotations.style import ONE_AN_ITEM, is_accepted, style_from_json
from napari_strata.layers.annotations.values import Unreadable
from napari_strata.layers.notes import KEY
from napari_strata.model import Problem
from napari_strata.report import problem_as_json

_VISIBLE_SHARE = 2.0**-10  # of the smallest shape


def restored(
    geometry: dataset.Geometry, vertices: Vertices, arguments: Mapping[str, Any]
) -> described.LayerData | None:
    """Make the layer again; see `napari_strata.layers.annotations.annotation.restore`."""
    try:
        return remade(geometry, vertices, arguments)
    except Unreadable as error:
        message = f"it is not shown as the layer it was written from: {error}"
        _note(arguments, Problem("annotation-changed", "warning", geometry.path, message))
        return None


def remade(
    geometry: dataset.Geometry, vertices: Vertices, arguments: Mapping[str, Any]
) -> described.LayerData:
    """Make the layer again; see `napari_strata.layers.annotations.annotation.restore`.

    Raises
    ------
    Unreadable
        Where that gives None.
    """
    layer = geometry.model.layer
    layer_type = str(layer.get("type"))
    if layer.get("version") != described.VERSION or layer_type not in kinds.BACK:
        raise Unreadable(f"its description is of version {str(layer.get('version'))[:20]}")
    if geometry.model.kind != kinds.STORED[layer_type] or geometry.levels[0].space != "world":
        raise Unreadable("its vertices are of another kind, or in another space")
    columns = _columns(geometry, layer)
    found, rows = _found(layer, vertices, columns)
    items = layer.get("items")
    data, own = kinds.BACK[layer_type](found)
    if items != (len(data) if layer_type in ("points", "shapes", "vectors") else len(rows)):
        raise Unreadable("it has not as many items as were written")
    features = to_table(_feature_columns(vertices, rows, items), layer.get("features"), items)
    table = {} if features is None else {"features": features}
    style = style_from_json(layer_type, layer.get("style"), items, len(rows))
    placed = _placed(layer, arguments, columns, own)
    rest = {k: v for k, v in own.items() if k not in ("scale", "translate")}
    sample = _first(data, {**style, **table, **rest, "ndim": geometry.model.ndim}, layer_type)
    if layer_type == "shapes":
        _tell_of_float32(geometry, data, arguments)
    symbols = style.get("symbol")
    if not is_accepted(*sample, set(symbols) if isinstance(symbols, list) else ()):
        message = "the settings it was written with are not napari's; it has the usual ones"
        _note(arguments, Problem("annotation-changed", "warning", geometry.path, message))
        style = {}
    shown = [bool(given["visible"]) for given in (style, arguments) if "visible" in given]
    visible = {"visible": all(shown)} if shown else {}
    return data, {**style, **table, **rest, **placed, **visible}, layer_type


def _tell_of_float32(
    geometry: dataset.Geometry, shapes: Sequence[npt.NDArray[Any]], arguments: Mapping[str, Any]
) -> None:
    """Say so where napari, which keeps shapes in float32, deforms them visibly: far from 0."""
    with np.errstate(over="ignore"):
        moved = max(float(np.abs(s - s.astype(np.float32)).max()) for s in shapes)
    smallest = min(float(np.ptp(s, axis=0).max()) for s in shapes)
    if moved > _VISIBLE_SHARE * smallest:
        message = (
            f"napari keeps shapes in float32, which this far from 0 moves vertices by up to "
            f"{moved:.3g}; the smallest shape measures {smallest:.3g}"
        )
        _note(arguments, Problem("float32-shapes", "warning", geometry.path, message))


def _note(arguments: Mapping[str, Any], problem: Problem) -> None:
    metadata = arguments.get("metadata")
    record = metadata.get(KEY) if isinstance(metadata, Mapping) else None
    if isinstance(record, dict):
        record["problems"] = [*record.get("problems", []), problem_as_json(problem)]


def _columns(geometry: dataset.Geometry, layer: Mapping[str, Any]) -> list[int]:
    names = layer.get("axes")
    columns = described.columns_for(geometry.axes, names if isinstance(names, list) else ())
    if columns is None:
        raise Unreadable(f"its axes are not called {str(names)[:40]}")
    return columns


def _found(
    layer: Mapping[str, Any], vertices: Vertices, columns: Sequence[int]
) -> tuple[Found, npt.NDArray[np.int64]]:
    """Put vertices, what belongs to them and faces into the order they were written in."""
    count = len(vertices.vertices)
    order = vertices.vertex_attributes.get(described.ORDER)
    rows = described.in_order(order, count)
    if order is None or rows is None or layer.get("vertices") != count:
        raise Unreadable("not all of its vertices are here, or others are")
    places = np.asarray(vertices.vertices, dtype=np.float64)[rows][:, columns]
    faces = None if vertices.faces is None else order.astype(np.int64)[vertices.faces]
    sorted_columns = {n: v[rows] for n, v in vertices.vertex_attributes.items() if len(v) == count}
    extra = layer.get("data")
    if not isinstance(extra, Mapping):
        raise Unreadable("'data' is no object")
    return Found(np.ascontiguousarray(places), faces, sorted_columns, extra), rows


def _feature_columns(
    vertices: Vertices, rows: npt.NDArray[np.int64], items: int
) -> dict[str, npt.NDArray[Any]]:
    """Give the columns of the features, one row an item: of the vertices, or of the objects."""
    columns = {n: v[rows] for n, v in vertices.vertex_attributes.items() if len(v) == len(rows)}
    objects = described.in_order(vertices.attribute_ids, items)
    if objects is not None:
        columns |= {n: v[objects] for n, v in vertices.object_attributes.items()}
    return columns


def _placed(
    layer: Mapping[str, Any],
    arguments: Mapping[str, Any],
    columns: Sequence[int],
    own: Mapping[str, Any],
) -> dict[str, Any]:
    """Give name, metadata and place: what the reader says, in the layer's own order of axes."""
    placed = {k: v for k, v in arguments.items() if k not in ("name", "metadata", "visible")}
    for key in ("scale", "translate", "units", "axis_labels"):
        if key in placed:
            placed[key] = [placed[key][column] for column in columns]
    if "scale" in own:
        factors = np.asarray(placed.get("scale", np.ones(len(columns))), dtype=np.float64)
        offset = np.asarray(placed.get("translate", np.zeros(len(columns))), dtype=np.float64)
        placed["scale"] = (np.asarray(own["scale"]) * factors).tolist()
        placed["translate"] = (np.asarray(own["translate"]) * factors + offset).tolist()
    labels = layer.get("labels")
    if isinstance(labels, list) and len(labels) == len(columns) and _are_names(labels):
        placed["axis_labels"] = labels
    saved = layer.get("metadata")
    kept = {k: v for k, v in saved.items() if k != KEY} if isinstance(saved, Mapping) else {}
    placed["metadata"] = {**kept, **arguments.get("metadata", {})}
    name = layer.get("name")
    placed["name"] = name if isinstance(name, str) else str(arguments.get("name", ""))
    return placed


def _are_names(labels: Sequence[Any]) -> bool:
    """Tell labels from napari's own ``-2``, ``-1``, which say that there are none."""
    texts = all(isinstance(label, str) for label in labels)
    return texts and list(labels) != [str(i) for i in range(-len(labels), 0)]


def _first(data: Any, meta: Mapping[str, Any], layer_type: str) -> described.LayerData:
    """Give the first item alone, with all its settings."""
    cut = dict(meta)
    for key in ("shape_type", "vertex_colors", "texcoords", *ONE_AN_ITEM):
        if isinstance(cut.get(key), np.ndarray | list):
            cut[key] = cut[key][:1]
    cut.pop("graph", None)
    if layer_type in ("surface", "tracks"):
        cut.pop("ndim")
    if "features" in cut:
        cut["features"] = cut["features"].iloc[:1]
    if layer_type == "surface":
        corners = np.zeros((1, data[0].shape[1]))
        return (corners, np.zeros((1, 3), dtype=int), data[2][:1]), cut, layer_type
    return data[:1], cut, layer_type
