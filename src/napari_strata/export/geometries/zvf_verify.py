"""Checking a ZVF store that was just written: by zarr-vectors, and by reading it back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_strata import dataset
from napari_strata.geometry import Vertices
from napari_strata.model import OpenError
from napari_strata.store.warned import silenced

if TYPE_CHECKING:
    from napari_strata.layers.annotations.annotation import Annotation

_STRICTEST = 5
_ROUNDING = 2.0**-23  # coarser levels are float32


class NotTheSame(OSError):
    """What was read back is not what was written; ``str()`` says where."""


def verify(annotation: Annotation, folder: Path) -> tuple[int, ...]:
    """Validate a store, read it back with our own reader and compare it bit for bit.

    Returns
    -------
    How many vertices each level has.

    Raises
    ------
    OSError
        If it is not what was to be written.
    """
    _validate(folder)
    try:
        return _compare(annotation, folder)
    except OpenError as error:
        raise NotTheSame(f"the store that was written cannot be read back: {error}") from error


def _validate(folder: Path) -> None:
    with silenced():
        import zarr_vectors as zv

        result = zv.open(str(folder)).validate(level=_STRICTEST)
    if not result.ok:
        raise NotTheSame(f"zarr-vectors finds the store wrong: {'; '.join(result.errors)}")


def annotation_of(geometry: dataset.Geometry, vertices: Vertices) -> Annotation:
    """Describe again the layer that a geometry was written from.

    Parameters
    ----------
    vertices : level 0, all of it.

    Raises
    ------
    ValueError
        If it cannot be made again.
    """
    from napari_strata.layers.annotations.annotation import from_layer_data
    from napari_strata.layers.annotations.restore import remade
    from napari_strata.layers.annotations.values import Unreadable

    layer = geometry.model.layer
    arguments = {"units": layer.get("units"), "axis_labels": layer.get("labels")}
    try:
        return from_layer_data(*remade(geometry, vertices, arguments))
    except Unreadable as error:
        raise ValueError(str(error)) from error


def _compare(annotation: Annotation, folder: Path) -> tuple[int, ...]:
    opened = dataset.open(str(folder))
    if len(opened.geometries) != 1:
        raise NotTheSame(f"found {len(opened.geometries)} geometries in it, expected 1")
    geometry = opened.geometries[0]
    spaces = {level.space for level in geometry.levels}
    if spaces != {"world"}:
        raise NotTheSame("its vertices are not found to be in world coordinates")
    found = geometry.read()
    serious = [p for p in (*geometry.problems, *found.problems) if p.severity != "info"]
    if serious:
        raise NotTheSame(f"reading it back: {serious[0]}")
    layer = annotation.layer
    try:
        again = annotation_of(geometry, found)
    except ValueError as error:
        raise NotTheSame(f"the layer cannot be made again: {error}") from error
    _same_vertices(annotation.vertices, again.vertices)
    if again.layer != layer or again.axes != annotation.axes:
        differing = [key for key in layer if again.layer.get(key) != layer[key]]
        raise NotTheSame(f"what is read back differs in {', '.join(differing) or 'its axes'}")
    _levels_inside(geometry, annotation.vertices)
    return (len(found.vertices), *(level.vertex_count or 0 for level in geometry.levels[1:]))


def _same_vertices(expected: Vertices, found: Vertices) -> None:
    for name in ("vertices", "parts", "faces"):
        if not _same(getattr(expected, name), getattr(found, name)):
            raise NotTheSame(f"the {name} that are read back differ")
    _same_columns(expected.vertex_attributes, found.vertex_attributes)
    _same_columns(expected.object_attributes, found.object_attributes)


def _same_columns(
    expected: Mapping[str, npt.NDArray[Any]], found: Mapping[str, npt.NDArray[Any]]
) -> None:
    if set(expected) != set(found):
        raise NotTheSame(f"found the attributes {sorted(found)}, expected {sorted(expected)}")
    for name, values in expected.items():
        if not _same(values, found[name]):
            raise NotTheSame(f"the attribute '{name}' that is read back differs")


def _same(expected: npt.NDArray[Any] | None, found: npt.NDArray[Any] | None) -> bool:
    """Compare type, shape and bits: NaN is the same as itself, -0 is not 0."""
    if expected is None or found is None:
        return expected is found
    if (expected.dtype, expected.shape) != (found.dtype, found.shape):
        return False
    return expected.tobytes() == found.tobytes()


def _levels_inside(geometry: dataset.Geometry, expected: Vertices) -> None:
    """A vertex of a coarser level is a mean of finer ones: it lies between them."""
    low, high = expected.vertices.min(axis=0), expected.vertices.max(axis=0)
    slack = np.maximum(np.abs(low), np.abs(high)) * _ROUNDING
    for level in geometry.levels[1:]:
        box = level.read().bounds
        if box is None or np.any(box[0] < low - slack) or np.any(box[1] > high + slack):
            raise NotTheSame(f"level {level.path} is not where the finest one is")
