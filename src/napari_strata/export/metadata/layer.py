"""Writing back what was changed about a layer's place in napari to the data it was opened from.

The layer as it is now is compared with what it was opened with. Axes that were not touched keep
their numbers as they are in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_strata import affine, units
from napari_strata.affine import Matrix
from napari_strata.arrays import LevelArray
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.change import MetadataChange
from napari_strata.export.metadata.edit import plan_edit
from napari_strata.export.metadata.image import Opened, open_image
from napari_strata.export.metadata.place import Wanted, is_same_place, tidy
from napari_strata.layers.live_world import live_world
from napari_strata.layers.record import ARRAYS, EDITED_UNITS

_COMMON_ORIGIN = "common_origin"


def edit_metadata_of_layer(layer: Any) -> MetadataChange:
    """Plan to declare on disk the place, units and axis names a layer has now.

    Call ``write()`` of the result to make it. Other layers of the same image (its channels) have
    the new place too once they are opened again; label images stay where they are declared.

    Parameters
    ----------
    layer : an Image or Labels layer that was opened by napari-strata, its data still the same.

    Raises
    ------
    ExportError
        If the layer is no such layer, was turned or sheared in a way its format cannot hold, or
        the dataset has changed since it was opened.
    OpenError
        If the dataset can no longer be opened.
    """
    record = _record(layer)
    inner = str(record["image"])
    dataset = str(record["path"]).removesuffix(inner).rstrip("/") if inner else record["path"]
    opened, multiscale = open_image(dataset, inner or None), None
    if opened.image.name != record["name"]:  # the layer is of another multiscale of that group
        multiscale = str(record["name"])
        opened = open_image(dataset, inner or None, multiscale)
    level = _level(opened, record)
    _check_still_declared(opened, record, level)
    wanted = _wanted(layer, record, opened, level)
    return plan_edit(opened, wanted, labels=False, multiscale=multiscale)


def _record(layer: Any) -> Mapping[str, Any]:
    record = layer.metadata.get("strata")
    if not isinstance(record, Mapping) or "layer_levels" not in record:
        raise ExportError(f"{layer.name}: was not opened by napari-strata, so it has no file")
    arrays = list(layer.data) if layer.multiscale else [layer.data]
    ours = all(isinstance(array, LevelArray) for array in arrays)
    if not ours or record.get(ARRAYS) != [array.identity for array in arrays]:
        raise ExportError(
            f"{layer.name}: its data is no longer what was opened from {record['path']}; its place "
            "says nothing about the data there"
        )
    return record


def _level(opened: Opened, record: Mapping[str, Any]) -> int:
    """Find the stored level that the layer's finest one is."""
    path = str(record["levels"][0]["path"])
    inner = path[len(str(record["image"])) :].strip("/")
    for index, level in enumerate(opened.image.levels):
        if level.path[len(opened.image.path) :].strip("/") == inner:
            return index
    raise ExportError(f"{opened.path}: found no level {path}; it has changed since it was opened")


def _check_still_declared(opened: Opened, record: Mapping[str, Any], level: int) -> None:
    same = (i for i in opened.dataset.images if i.path == opened.image.path)
    shown = next(same, None)
    then = affine.frozen(record["levels"][0]["affine"])
    found = opened.image if shown is None else shown.model
    now = found.levels[level].affine
    if not is_same_place(now, then, then):
        raise ExportError(f"{opened.path}: was changed since the layer was opened; open it again")
    if found is not opened.image:
        raise ExportError(
            f"{opened.image.name}: is shown in a scene; change the image's own place by "
            "edit_metadata, or the scene by its author's tool"
        )


def _wanted(layer: Any, record: Mapping[str, Any], opened: Opened, level: int) -> Wanted:
    """Collect what is different on each axis, in declared (or newly chosen) units."""
    was = affine.frozen(record["layer_levels"][0]["affine"])
    now = _without_common_origin(live_world(layer), layer, record)
    old_split, new_split = affine.scale_translate(was), affine.scale_translate(now)
    if new_split is None or old_split is None:
        if np.array_equal(was, now):
            old_split = new_split = _columns(was)
        else:
            raise ExportError(
                f"{layer.name}: was turned or sheared; an image's {opened.image.format} metadata "
                "holds a scale and a translation along each axis, so this would be lost; export "
                "the layer as OME-Zarr 0.6 instead"
            )
    labels = list(record["layer_axes"])
    chosen: Mapping[str, str | None] = record.get(EDITED_UNITS, {})
    live_units, old_units = [str(u) for u in layer.units], list(record["layer_units"])
    declared = {axis.name: axis.unit for axis in opened.image.axes}
    scale: dict[str, float] = {}
    translate: dict[str, float] = {}
    new_units: dict[str, str | None] = {}
    for i, name in enumerate(labels):
        if name not in declared:
            raise ExportError(f"{opened.path}: found no axis {name}; it has changed since")
        label = str(layer.axis_labels[i])
        unit = chosen.get(label, live_units[i])
        changed_unit = label in chosen or live_units[i] != old_units[i]
        factor = _factor(live_units[i], unit if changed_unit else declared[name])
        if changed_unit:
            new_units[name] = None if units.parse(unit or "") is None else unit
        for values, old, new in (
            (scale, old_split[0][i], new_split[0][i]),
            (translate, old_split[1][i], new_split[1][i]),
        ):
            if old != new or changed_unit:
                values[name] = tidy(float(new) * factor)
    names = _names(layer, labels, [axis.name for axis in opened.image.axes])
    return Wanted(scale, translate, new_units, names, level)


def _columns(matrix: Matrix) -> tuple[affine.Vector, affine.Vector]:
    n = matrix.shape[0] - 1
    return np.diagonal(matrix)[:n].copy(), matrix[:n, n].copy()


def _without_common_origin(now: Matrix, layer: Any, record: Mapping[str, Any]) -> Matrix:
    """Add back what all layers were moved by to be near world 0, in micrometres."""
    offset = record.get(_COMMON_ORIGIN)
    if offset is None:
        return now
    n = now.shape[0] - 1
    matrix = np.array(now)
    for i, unit in enumerate(str(u) for u in layer.units):
        matrix[i, n] = tidy(matrix[i, n] + offset[i] * _factor("micrometer", unit))
    return affine.frozen(matrix)


def _factor(unit: str, into: str | None) -> float:
    """Turn a number in one unit into another; 1 where they are not of one kind."""
    one, other = units.parse(unit), units.parse(into or "")
    if one is None or other is None or one.dimension != other.dimension:
        return 1.0
    return one.factor / other.factor


def _names(layer: Any, labels: Sequence[str], axes: Sequence[str]) -> tuple[str, ...] | None:
    live = [str(label) for label in layer.axis_labels]
    if live == list(labels):
        return None
    new = dict(zip(labels, live, strict=True))
    return tuple(new.get(name, name) for name in axes)
