"""What each item of a layer has of its own: sizes, colours, widths. They go where the items go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Points, Shapes, Surface
from napari.layers.utils.color_transformations import transform_color

from napari_strata.layers.geometry.colours import follows
from napari_strata.layers.geometry.drawing import Drawing
from napari_strata.layers.geometry.items import UNKNOWN, Rows, same_items
from napari_strata.layers.geometry.look import LINE_COLOUR, POINT_COLOUR
from napari_strata.model import Problem

LOOKS: dict[str, tuple[str, ...]] = {
    "Points": ("size", "border_width", "symbol", "shown", "face_color", "border_color"),
    "Vectors": ("edge_color",),
    "Shapes": ("edge_width", "edge_color", "face_color", "z_index"),
    "Surface": ("vertex_colors",),
}
"""By the layer's type: what is an item's own."""

_OF_POINTS_TO_COME = ("size", "border_width", "symbol")  # napari adds points with the current one
_PLAIN: dict[tuple[str, str], Any] = {
    ("Points", "symbol"): "disc",
    ("Points", "shown"): True,
    ("Points", "face_color"): POINT_COLOUR,
    ("Points", "border_color"): "dimgray",
    ("Vectors", "edge_color"): LINE_COLOUR,
    ("Shapes", "edge_color"): LINE_COLOUR,
    ("Shapes", "face_color"): "transparent",
    ("Shapes", "z_index"): 0,
    ("Surface", "vertex_colors"): "white",
}


@dataclass(frozen=True)
class ItemLooks:
    """The looks of the items that come, made of those of the items that go.

    Attributes
    ----------
    shared : by name, the one value all had.
    own : by name, a value an item.
    unknown : how many of ``count`` items were not shown before.
    """

    shared: dict[str, Any]
    own: dict[str, npt.NDArray[Any]]
    unknown: int
    count: int

    @classmethod
    def of(cls, layer: Any, drawing: Drawing) -> ItemLooks:
        """Read a layer's looks before a drawing is put into it."""
        shared, own, rows = {}, {}, None
        for key in LOOKS.get(type(layer).__name__, ()):
            values = _values(layer, key)
            if not len(values):
                continue
            if _all_the_same(values):
                shared[key] = values[0]
                continue
            rows = same_items(layer, drawing) if rows is None else rows
            own[key] = _carried(values, rows, plain(layer, key))
        unknown = 0 if rows is None else int(np.count_nonzero(rows == UNKNOWN))
        count = 0 if rows is None else len(rows)
        if isinstance(layer, Points):
            for key in _OF_POINTS_TO_COME:
                if key in shared:
                    setattr(layer, f"current_{key}", shared[key])
        return cls(shared, own, unknown, count)

    def put(self, layer: Any) -> None:
        """Give a layer's new items their looks."""
        for key, value in self.shared.items():
            if not isinstance(layer, Surface):
                setattr(layer, key, value)
            else:
                layer.vertex_colors = np.tile(value, (len(layer.vertices), 1))
        for key, values in self.own.items():
            # Shapes take an array of numbers for one value of all.
            numbers = isinstance(layer, Shapes) and values.ndim == 1
            setattr(layer, key, values.tolist() if numbers else values)

    def problems(self, where: str) -> tuple[Problem, ...]:
        """Say for how many items nothing was known."""
        if not self.own or not self.unknown:
            return ()
        names = ", ".join(key.replace("_", " ") for key in self.own)
        message = (
            f"what single items were given ({names}) is kept where the same item is shown again: "
            f"{self.unknown:,} of {self.count:,} were not shown before and are plain"
        )
        return (Problem("item-looks-not-kept", "warning", where, message),)


def plain(layer: Any, key: str) -> Any:
    """Return the look of an item that has none of its own: its layer's median size, or ours."""
    found = _PLAIN.get((type(layer).__name__, key))
    if found is None:
        return float(np.median(np.asarray(getattr(layer, key), dtype=np.float64)))
    if key.endswith(("_color", "_colors")):
        return transform_color(found)[0]
    return found


def same_colour(colours: Any, colour: Any) -> bool:
    """Tell whether all items have a colour."""
    return bool(np.allclose(np.asarray(colours), colour, atol=1e-6))


def _values(layer: Any, key: str) -> npt.NDArray[Any]:
    """Give a value an item; none where a feature gives it, or the layer has none."""
    value = getattr(layer, key)
    if follows(layer, key) or value is None:
        return np.zeros(0)
    values = np.asarray(value)
    if isinstance(layer, Surface) and values.shape[:-1] != (len(layer.vertices),):
        return np.zeros(0)
    return values


def _all_the_same(values: npt.NDArray[Any]) -> bool:
    if values.dtype == object:  # symbols, of which there is one object each
        return len(set(map(id, values.tolist()))) == 1
    return bool((values == values[0]).all())


def _carried(values: npt.NDArray[Any], rows: Rows, otherwise: Any) -> npt.NDArray[Any]:
    """Give each new item the value of the row it had; one of none the other."""
    found = values[np.maximum(rows, 0)]
    found[rows == UNKNOWN] = otherwise
    return found
