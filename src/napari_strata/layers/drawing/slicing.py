"""Reading and placing one view of a multiscale layer by its declared placement.

This is the module that builds on napari's private names; `placed`, beside it, checks that they are
there before it lets anything in here be used.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from napari.layers._scalar_field._slice import (
    _ScalarFieldSliceRequest,
    _ScalarFieldSliceResponse,
    _ScalarFieldView,
)
from napari.layers._scalar_field.scalar_field import ScalarFieldSlicingState
from napari.layers.image._slice import _ImageSliceRequest
from napari.layers.image.image import _ImageSlicingState
from napari.layers.labels._slice import _LabelsSliceRequest
from napari.layers.labels.labels import _LabelsSlicingState
from napari.utils.transforms import Affine

from napari_strata.layers.drawing.world_units import Factors, per_layer_unit
from napari_strata.layers.placement import Placement

__all__ = [
    "PlacedImageState",
    "PlacedLabelsState",
    "PlacedResponse",
    "PlacedState",
    "ScalarFieldSlicingState",
    "Shown",
    "_ScalarFieldSliceRequest",
    "_ScalarFieldSliceResponse",
]

Index = tuple[int | slice, ...]


@dataclass(frozen=True)
class PlacedResponse(_ScalarFieldSliceResponse):  # type: ignore[misc]
    """A view whose ``tile_to_data`` maps pixel centres of the tile to level-0 voxels."""

    level: int = 0


@dataclass(frozen=True)
class _PlacedRequest(_ScalarFieldSliceRequest):  # type: ignore[misc]
    """A request that picks and places by ``placement`` instead of by the levels' shapes."""

    placement: Placement | None = None

    def __call__(self) -> PlacedResponse:
        index = self._index(self.data_level, tile=self.slice_input.ndisplay == 2)
        if index is None:
            return self._blank()
        with self.dask_indexer():
            image = self._read(self.data_at_data_level, index)
            thumbnail = self._thumbnail(index, image)
        return PlacedResponse(
            image=image,
            thumbnail=thumbnail,
            tile_to_data=self._tile_to_data(index),
            slice_input=self.slice_input,
            request_id=self.id,
            level=self.data_level,
        )

    def _blank(self) -> PlacedResponse:
        empty = _ScalarFieldSliceResponse.make_empty(
            slice_input=self.slice_input, rgb=self.rgb, request_id=self.id, dtype=self.dtype
        )
        return PlacedResponse(**vars(empty), level=self.data_level)

    def _index(self, level: int, *, tile: bool) -> Index | None:
        """Return what to take of each axis of a level, or None where it has nothing here."""
        assert self.placement is not None
        index: list[int | slice] = []
        margins = zip(*self.data_slice.as_array(), self.level_shapes[level].tolist(), strict=True)
        for axis, (point, left, right, size) in enumerate(margins):
            if axis in self.slice_input.displayed:
                first, last = self.corner_pixels[:, axis].tolist() if tile else (0, size - 1)
                # The corners may still be those of another level or of other displayed axes.
                index.append(slice(min(first, size - 1), min(last, size - 1) + 1))
                continue
            thick = self.projection_mode != "none"
            # A flipped axis has negative margins.
            ends = sorted((point - left, point + right)) if thick else (point, point)
            planes = self.placement.planes(level, axis, ends[0], ends[1], size)
            if planes is None:
                return None
            index.append(planes if thick else planes.start)
        return tuple(index)

    def _read(self, data: Any, index: Index) -> Any:
        """Read all axes in one step: a lazy level then fetches only what is shown."""
        pixels = np.asarray(data[index])
        if self.projection_mode != "none":
            hidden = tuple(self.slice_input.not_displayed)
            pixels = self._project_slice(pixels, hidden, self.projection_mode)
        return _ScalarFieldView.from_view(np.transpose(pixels, self._get_order()))

    def _thumbnail(self, index: Index, image: Any) -> Any:
        wanted = self._index(self.thumbnail_level, tile=False)
        # A thumbnail level that ends before this plane: the picture itself stands in.
        if wanted is None or (self.thumbnail_level == self.data_level and wanted == index):
            return image
        return self._read(self.data_at_thumbnail_level, wanted)

    def _tile_to_data(self, index: Index) -> Affine:
        assert self.placement is not None
        ndim = self.slice_input.ndim
        scale, translate = np.ones(ndim), np.zeros(ndim)
        for axis in self.slice_input.displayed:
            scale[axis] = self.placement.scale[self.data_level][axis]
            first = cast(slice, index[axis]).start
            translate[axis] = scale[axis] * first + self.placement.translate[self.data_level][axis]
        return Affine(name="tile2data", scale=scale, translate=translate, ndim=ndim)


class PlacedImageRequest(_PlacedRequest, _ImageSliceRequest):  # type: ignore[misc]
    """A slice of an image, by its placement."""


class PlacedLabelsRequest(_PlacedRequest, _LabelsSliceRequest):  # type: ignore[misc]
    """A slice of labels, by its placement."""


@dataclass(frozen=True)
class Shown:
    """The tile that was drawn last: pixel i's centre is ``scale * i + translate``.

    Both are in level-0 voxels, of the ``displayed`` axes, in the order they are displayed.
    """

    level: int
    displayed: tuple[int, ...]
    scale: npt.NDArray[np.float64]
    translate: npt.NDArray[np.float64]

    def pixel(self, position: npt.NDArray[np.float64]) -> npt.NDArray[np.int_]:
        """Return the pixel that covers each of ``(..., displayed)`` level-0 positions."""
        index: npt.NDArray[np.int_] = np.floor(self.continuous(position) + 0.5).astype(int)
        return index

    def continuous(self, position: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map ``(..., displayed)`` level-0 positions to pixels of the tile, centres at integers."""
        result: npt.NDArray[np.float64] = (position - self.translate) / self.scale
        return result


class PlacedState(ScalarFieldSlicingState):  # type: ignore[misc]
    """The slicing state of a layer with a ``placement``."""

    # Defaults of the class, because a promoted layer's state was made by napari.
    shown: Shown | None = None
    _dims: weakref.ref[Any] | None = None
    _placed_in: Any = None  # the units the last slice was placed for

    def set_slice_input_from_dims(self, dims: Any, force: bool) -> bool:
        """Remember whose units the view is in."""
        self._dims = weakref.ref(dims)
        return bool(super().set_slice_input_from_dims(dims, force))

    def _make_slice_request(self, dims: Any) -> Any:
        self._dims = weakref.ref(dims)
        self._units = dims.units
        return super()._make_slice_request(dims)

    def _make_slice_request_internal(self, **parts: Any) -> Any:
        request = super()._make_slice_request_internal(**parts)
        return replace(request, placement=self.layer.placement)

    def follow_units(self) -> bool:
        """Take over the viewer's units; tell whether the last slice was placed for others."""
        dims = None if self._dims is None else self._dims()
        if dims is not None:
            self._units = dims.units
        return bool(self._units != self._placed_in)

    def viewer_units(self) -> Factors:
        """Return the viewer's units per unit of the layer, one number an axis."""
        return per_layer_unit(self.layer.units, self._units)

    def _update_slice_response(self, response: Any) -> None:
        if not isinstance(response, PlacedResponse):
            return  # asked for before the layer was promoted, answered after
        self._placed_in = self._units
        if response.empty:
            self.shown = None
            # Past the image's own method, which takes contrast limits from what is shown.
            ScalarFieldSlicingState._update_slice_response(self, response)
            return
        tile, displayed = response.tile_to_data, response.slice_input.displayed
        self.shown = Shown(
            response.level, tuple(displayed), tile.scale[displayed], tile.translate[displayed]
        )
        parts = {**vars(response), "tile_to_data": self._for_napari(response)}
        super()._update_slice_response(PlacedResponse(**parts))

    def _for_napari(self, response: PlacedResponse) -> Affine:
        """Undo beforehand the half voxels that napari's visual will add to a tile."""
        tile, slice_input = response.tile_to_data, response.slice_input
        shown = slice_input.displayed
        translate = np.array(tile.translate)
        if slice_input.ndisplay == 2:
            translate[shown] -= (tile.scale[shown] - 1) / 2
        else:
            # Added after the layer's transform, in world units, and for the layer's level.
            factors = self.layer.downsample_factors[self.layer.data_level][shown]
            added = (factors - 1) / 2 * np.asarray(self.layer.scale)[shown]
            linear = self.layer._data_to_world.linear_matrix[np.ix_(shown, shown)]
            translate[shown] -= np.linalg.solve(linear, added / self.viewer_units()[shown])
        return Affine(name=tile.name, scale=tile.scale, translate=translate, ndim=tile.ndim)


class PlacedImageState(PlacedState, _ImageSlicingState):  # type: ignore[misc]
    """The slicing state of an image."""

    _slice_request_class = PlacedImageRequest


class PlacedLabelsState(PlacedState, _LabelsSlicingState):  # type: ignore[misc]
    """The slicing state of labels."""

    _slice_request_class = PlacedLabelsRequest
