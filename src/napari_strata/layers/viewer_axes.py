"""From an image's own axes and units to those every layer has.

Layers are in micrometres and seconds, whatever was declared, so that datasets align without
napari's unit conversion (one layer in pixels turns that off for all). napari lines axes up from
the last one, and never by name: axes are brought into the order other…, t, z, y, x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_strata import affine, units
from napari_strata.formats.viewer_order import viewer_order
from napari_strata.model import Axis, Image

PIXEL = "pixel"
_LAYER_UNITS = {"length": "micrometer", "time": "second"}


@dataclass(frozen=True)
class ViewerAxes:
    """Which array axes a layer shows, in which order, and in what unit.

    Attributes
    ----------
    order : indices of the image's (or geometry's) axes, the channel axis left out.
    labels, units : of the layer's axes.
    factors : what turns the declared unit into the layer's, in the image's axis order.
    """

    order: tuple[int, ...]
    labels: tuple[str, ...]
    units: tuple[str, ...]
    factors: tuple[float, ...]

    def to_world(self, level_affine: affine.Matrix) -> affine.Matrix:
        """Turn a level's declared affine into the layer's: its axes, micrometres and seconds.

        Raises
        ------
        ValueError
            If the transform mixes the channel axis with another.
        """
        in_layer_units = affine.compose(affine.from_scale_translate(self.factors), level_affine)
        return affine.take_axes(in_layer_units, self.order)


def viewer_axes(image: Image, split: int | None) -> ViewerAxes:
    """Choose the layer's axes; ``split`` is the channel axis that becomes layers, if any."""
    return arranged_axes(image.axes, split)


def arranged_axes(axes: Sequence[Axis], split: int | None = None) -> ViewerAxes:
    """Choose the axes of a layer of anything that has axes, an image or a geometry."""
    kept = [i for i in range(len(axes)) if i != split]
    order = viewer_order(axes, kept)
    return ViewerAxes(
        order=order,
        labels=tuple(axes[i].name for i in order),
        units=tuple(_layer_unit(axes[i])[0] for i in order),
        factors=tuple(_layer_unit(axis)[1] for axis in axes),
    )


def _layer_unit(axis: Axis) -> tuple[str, float]:
    unit = None if axis.unit is None else units.parse(axis.unit)
    if unit is None or (axis.type in ("time", "channel") and unit.dimension == "length"):
        return PIXEL, 1.0
    return _LAYER_UNITS[unit.dimension], unit.factor


# The GPU's float32 has 24 bits: beyond this share of them, a voxel's place is off visibly.
_FLOAT32_STEP = 2.0**-24
_VISIBLE_SHARE = 0.05


def precision_loss(world: affine.Matrix, shape: Sequence[int]) -> float:
    """Tell how far float32 may move a voxel, as a share of a voxel, on the worst axis.

    ``world`` is level 0's affine and ``shape`` its shape, both in the layer's axis order. A far
    origin loses precision; small ones give 0.
    """
    n = len(shape)
    ends = np.array([max(s - 1, 0) for s in shape], dtype=np.float64)
    with np.errstate(over="ignore"):
        reach = np.abs(world[:n, n]) + np.abs(world[:n, :n]) @ ends
    voxel = np.linalg.norm(world[:n, :n], axis=0)
    share = float(np.max(reach * _FLOAT32_STEP / np.maximum(voxel, np.finfo(float).tiny)))
    return share if share > _VISIBLE_SHARE else 0.0
