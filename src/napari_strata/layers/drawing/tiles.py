"""Which level of a placed layer is drawn, and which part of it.

napari asks at every draw. It works in pixels of a level counted from level 0's first voxel; here
the declared translation is taken off first, and a view that a level does not reach stays blank.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers._scalar_field.scalar_field import ScalarFieldBase
from napari.layers.utils import layer_utils

from napari_strata.layers.drawing.slicing import PlacedState
from napari_strata.layers.placement import Placement

Vector = npt.NDArray[np.float64]
Corners = npt.NDArray[np.int_]


class Tiled(ScalarFieldBase):  # type: ignore[misc]
    """Goes in front of napari's class, in a layer with a placement."""

    _placement: Placement
    _slicing_state: PlacedState
    _data_level: int
    corner_pixels: Corners

    def _update_draw(
        self, scale_factor: float, corner_pixels_displayed: Vector, shape_threshold: Any
    ) -> None:
        """Follow the viewer's units, which napari leaves out here."""
        if self._slicing_state.follow_units():
            self.refresh(extent=False, thumbnail=False)
        units = self._slicing_state.viewer_units()[self._slice_input.displayed]
        super()._update_draw(scale_factor, corner_pixels_displayed / units, shape_threshold)

    def _update_level_and_corners(
        self, data_bbox_int: Corners, shape_threshold: Any, displayed_axes: list[int]
    ) -> None:
        """Choose the level, and the part of it that covers the view.

        ``data_bbox_int`` is the view in level-0 voxels, ``(2, displayed)``.
        """
        if not self.multiscale or self._slice_input.ndisplay == 3:
            super()._update_level_and_corners(data_bbox_int, shape_threshold, displayed_axes)
            return
        if self._locked_data_level is not None:
            self._show_part(self._locked_data_level, self._whole(self._locked_data_level))
            return
        if np.any(data_bbox_int[1] <= data_bbox_int[0]):
            return  # the canvas has no size yet
        level = layer_utils.compute_multiscale_level(
            data_bbox_int[1] - data_bbox_int[0],
            shape_threshold,
            self.downsample_factors[:, displayed_axes],
        )
        corners = self._corners(level, data_bbox_int, displayed_axes)
        if corners is None:
            shown = self._corners(self._data_level, data_bbox_int, displayed_axes)
            if shown is None:
                return  # the view is blank already
            # One voxel at the border: drawn in its place, so the view itself stays blank.
            corners = self._corners(level, data_bbox_int, displayed_axes, clip=True)
        expand = getattr(layer_utils, "expand_corners_to_chunk_boundaries", None)
        if expand is not None:  # since napari 0.9
            corners = expand(corners, self.data[level], displayed_axes)
        assert corners is not None
        before, now = self.corner_pixels[:, displayed_axes], corners[:, displayed_axes]
        if (
            level == self._data_level
            and np.all(now[0] >= before[0])
            and np.all(now[1] <= before[1])
        ):
            return
        self._show_part(level, corners)

    def _whole(self, level: int) -> Corners:
        corners = np.zeros((2, self.ndim), dtype=int)
        displayed = self._slice_input.displayed
        corners[1, displayed] = self.level_shapes[level][displayed] - 1
        return corners

    def _corners(
        self, level: int, bbox: Corners, displayed: list[int], *, clip: bool = False
    ) -> Corners | None:
        """Return the first and last voxel of a level in a view, None where it has none there."""
        scale = np.array(self._placement.scale[level])[displayed]
        translate = np.array(self._placement.translate[level])[displayed]
        first = np.floor((bbox[0] - translate) / scale).astype(int)
        last = np.ceil((bbox[1] - translate) / scale).astype(int)
        ends = self.level_shapes[level][displayed] - 1
        if not clip and (np.any(last < 0) or np.any(first > ends)):
            return None
        corners = np.zeros((2, self.ndim), dtype=int)
        corners[:, displayed] = np.clip([first, last], 0, ends)
        return corners

    def _show_part(self, level: int, corners: Corners) -> None:
        if level == self._data_level and np.array_equal(corners, self.corner_pixels):
            return
        self._data_level = level
        self.corner_pixels = corners
        self.refresh(extent=False, thumbnail=False)
