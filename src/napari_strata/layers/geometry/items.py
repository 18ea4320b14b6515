"""Which items of a layer are the same as those that replace them: points, segments, paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Shapes, Surface

from napari_strata.layers.geometry.drawing import Drawing
from napari_strata.layers.geometry.features import OBJECT_ID
from napari_strata.layers.geometry.row_codes import row_codes

Rows = npt.NDArray[np.int64]
UNKNOWN = -1


def same_items(layer: Any, drawing: Drawing) -> Rows:
    """Return for each item of a drawing the row it has in a layer; -1 where none is the same.

    An item is the same if all its numbers are: a crop, and back. Several at one place are told
    apart by their order, if there are as many as before. Else it is known by the id of its
    object, if one item of the layer has it.
    """
    rows = _same_numbers(_numbers_of_layer(layer), _numbers_of_drawing(drawing))
    unknown = rows == UNKNOWN
    if unknown.any() and OBJECT_ID in drawing.features and OBJECT_ID in layer.features:
        ids = np.asarray(drawing.features[OBJECT_ID])
        by_id = _rows_by_id(np.asarray(layer.features[OBJECT_ID]), ids)
        rows[unknown] = by_id[unknown]
    return rows


def _numbers_of_layer(layer: Any) -> npt.NDArray[Any]:
    if isinstance(layer, Shapes):
        return _paths(layer.data)
    return _rows_of(layer.vertices if isinstance(layer, Surface) else layer.data)


def _numbers_of_drawing(drawing: Drawing) -> npt.NDArray[Any]:
    if drawing.type == "shapes":
        return _paths(drawing.data)
    return _rows_of(drawing.data[0] if drawing.type == "surface" else drawing.data)


def _rows_of(data: Any) -> npt.NDArray[Any]:
    values = np.asarray(data, dtype=np.float64)
    return values.reshape(len(values), -1)


def _paths(data: Any) -> npt.NDArray[Any]:
    """Give a path's numbers as one value; in float32, as a Shapes layer holds them."""
    found = np.empty((len(data), 1), dtype=object)
    found[:, 0] = [np.asarray(path, dtype=np.float32).tobytes() for path in data]
    return found


def _same_numbers(old: npt.NDArray[Any], new: npt.NDArray[Any]) -> Rows:
    rows = np.full(len(new), UNKNOWN, dtype=np.int64)
    if not len(old) or not len(new) or old.shape[1] != new.shape[1]:
        return rows
    both = row_codes(np.concatenate([old, new]))
    most = int(both.max()) + 1
    was, now = both[: len(old)], both[len(old) :]
    counts = np.bincount(was, minlength=most), np.bincount(now, minlength=most)
    order_was, order_now = np.argsort(was, kind="stable"), np.argsort(now, kind="stable")
    starts_was, starts_now = (np.cumsum(count) - count for count in counts)
    code = now[order_now]
    known = counts[0][code] == counts[1][code]
    which = starts_was[code] + np.arange(len(new)) - starts_now[code]
    rows[order_now[known]] = order_was[which[known]]
    return rows


def _rows_by_id(old: npt.NDArray[Any], new: npt.NDArray[Any]) -> Rows:
    ids, first, counts = np.unique(old, return_index=True, return_counts=True)
    if not len(ids):
        return np.full(len(new), UNKNOWN, dtype=np.int64)
    at = np.minimum(np.searchsorted(ids, new), len(ids) - 1)
    found = (ids[at] == new) & (counts[at] == 1)
    return np.where(found, first[at], UNKNOWN).astype(np.int64)
