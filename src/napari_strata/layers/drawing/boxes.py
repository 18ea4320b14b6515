"""The boxes around a placed layer: for rays, the bounding box and the transform box.

napari works them out from shapes, or draws them in the pixels of whichever level is shown.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from napari.layers._scalar_field.scalar_field import ScalarFieldBase

from napari_strata.layers.drawing.slicing import PlacedState, Shown
from napari_strata.layers.placement import Placement

Vector = npt.NDArray[np.float64]


class Boxed(ScalarFieldBase):  # type: ignore[misc]
    """Goes in front of napari's class, in a layer with a placement."""

    _placement: Placement
    _slicing_state: PlacedState

    @property
    def _shown(self) -> Shown | None:
        return None if self._slice.empty else self._slicing_state.shown

    def _display_bounding_box(self, dims_displayed: list[int]) -> Vector:
        """Enlarge the box that rays are cut with by what the drawn level has outside level 0."""
        box: Vector = super()._display_bounding_box(dims_displayed).astype(np.float64)
        shown = self._shown
        if shown is not None and set(shown.displayed) == set(dims_displayed):
            order = [shown.displayed.index(axis) for axis in dims_displayed]
            sizes = np.array(self._slice.image.raw.shape)[order]
            scale, translate = shown.scale[order], shown.translate[order]
            edges = translate - scale / 2, translate + scale * (sizes - 0.5)
            box[:, 0] = np.minimum(box[:, 0], edges[0] + 0.5)
            box[:, 1] = np.maximum(box[:, 1], edges[1] - 0.5)
        return box

    def _display_bounding_box_at_level(self, dims_displayed: list[int], data_level: int) -> Vector:
        """Move the box overlay, which napari draws with the tile's scale and a fixed half voxel."""
        box: Vector = super()._display_bounding_box_at_level(dims_displayed, data_level)
        shown = self._shown
        if shown is None:
            return box
        scale, translate = self._declared(shown.level, dims_displayed)
        return box + ((scale - 1) / 2 - translate)[:, None]

    def _display_bounding_box_augmented_data_level(self, dims_displayed: list[int]) -> Vector:
        """Draw the transform box around level 0 at every level: its handles are there."""
        box: Vector = self._display_bounding_box_augmented(dims_displayed)
        scale, translate = self._declared(self.data_level, dims_displayed)
        return (box - translate[:, None]) / scale[:, None]

    def _declared(self, level: int, axes: list[int]) -> tuple[Vector, Vector]:
        placement = self._placement
        return np.array(placement.scale[level])[axes], np.array(placement.translate[level])[axes]
