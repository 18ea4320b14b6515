"""Image and Labels layers whose levels are drawn exactly where a `Placement` puts them.

napari derives a level's place from its shape alone. These layers override the few methods in which
it does; reading and placing a view is in `napari_strata.layers.slicing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer
from napari.layers._scalar_field.scalar_field import ScalarFieldBase
from napari.layers.utils import layer_utils

from napari_strata.layers.notes import mark_misplaced, remember_placement
from napari_strata.layers.placement import Placement, PlacementError
from napari_strata.layers.slicing import PlacedImageState, PlacedLabelsState, PlacedState, Shown

Vector = npt.NDArray[np.float64]
Corners = npt.NDArray[np.int_]


class _Placed(ScalarFieldBase):  # type: ignore[misc]
    """What both layers override; goes in front of napari's class."""

    _state_class: type[PlacedState]
    _placement: Placement
    _slicing_state: PlacedState
    _data_level: int
    corner_pixels: Corners

    def __init__(self, data: Any, *, placement: Placement, **kwargs: Any) -> None:
        kwargs.setdefault("multiscale", True)
        # napari would take the name of a variable in this very function.
        kwargs.setdefault("name", self._basename())
        kwargs["metadata"] = remember_placement(
            kwargs.get("metadata"),
            placement,
            [level.shape[: placement.ndim] for level in data],  # without an RGB axis
        )
        self._placement = placement
        self._check_levels(data)
        super().__init__(data, **kwargs)

    def _check_levels(self, data: Sequence[Any]) -> None:
        if len(data) != len(self._placement):
            raise PlacementError(
                f"the placement is for {len(self._placement)} levels, found {len(data)}"
            )

    def _replace_data(self, plain: type[ScalarFieldBase], data: Sequence[Any]) -> None:
        self._check_levels(data)
        before = self.level_shapes
        plain.data.fset(self, data)
        if not np.array_equal(before, self.level_shapes):
            mark_misplaced(self, None, "its data were replaced by levels of other shapes.")

    @property
    def placement(self) -> Placement:
        """Where every level is, relative to level 0."""
        return self._placement

    @property
    def downsample_factors(self) -> Vector:
        """The declared ratios, ``(levels, axes)``; napari's own divide shapes."""
        return np.array(self._placement.scale)

    def _get_layer_slicing_state(self, data: Any, cache: bool) -> PlacedState:
        return self._state_class(self, data, cache)

    @property
    def _shown(self) -> Shown | None:
        return None if self._slice.empty else self._slicing_state.shown

    # --- which level and which part of it -------------------------------------------------

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

    # --- the value under the cursor -------------------------------------------------------

    def get_value(
        self,
        position: npt.ArrayLike,
        *,
        view_direction: npt.ArrayLike | None = None,
        dims_displayed: list[int] | None = None,
        world: bool = False,
    ) -> Any:
        """Return what is drawn at a position, ``(level, value)`` or None.

        As napari's, except that a world position is in the viewer's units.
        """
        if world:
            units = self._slicing_state.viewer_units()
            position = self._from_viewer(position, units)
            if view_direction is not None:
                view_direction = self._from_viewer(view_direction, units)
        return super().get_value(
            position, view_direction=view_direction, dims_displayed=dims_displayed, world=world
        )

    @staticmethod
    def _from_viewer(vector: npt.ArrayLike, units: Vector) -> Vector:
        result = np.array(vector, dtype=np.float64)
        shared = min(len(result), len(units))
        result[len(result) - shared :] /= units[len(units) - shared :]
        return result

    def _get_value(self, position: Sequence[float]) -> tuple[int, Any]:
        shown = self._shown
        if shown is None:
            return self.data_level, None
        at = np.asarray(position, dtype=np.float64)[-self.ndim :][list(shown.displayed)]
        pixel = shown.pixel(at)
        raw = self._slice.image.raw
        inside = np.all((pixel >= 0) & (pixel < raw.shape[: len(pixel)]))
        return shown.level, raw[tuple(pixel)] if inside else None

    def _get_value_ray(
        self, start_point: Vector | None, end_point: Vector | None, dims_displayed: list[int]
    ) -> Any:
        """Return the value a ray through the drawn volume ends at.

        Both points are ``(axes,)`` in level-0 voxels, counted from voxel EDGES.
        """
        shown = self._shown
        if start_point is None or end_point is None or shown is None or len(dims_displayed) != 3:
            return None
        displayed = list(shown.displayed)
        ends = np.array([start_point, end_point])[:, displayed] - 0.5
        length = np.linalg.norm(np.diff(shown.continuous(ends), axis=0))
        steps = np.linspace(0, 1, max(int(2 * length), 1) + 1)[:, None]
        pixels = shown.pixel(ends[0] + steps * (ends[1] - ends[0]))
        raw = self._slice.image.raw
        inside = np.all((pixels >= 0) & (pixels < raw.shape[:3]), axis=1)
        if not inside.any():
            return None
        return self._calculate_value_from_ray(raw[tuple(pixels[inside].T)])

    # --- boxes ----------------------------------------------------------------------------

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

    def _update_thumbnail(self) -> None:
        """Blank the thumbnail with the picture; Labels would keep the last one."""
        if self._slice.empty:
            self.thumbnail = np.zeros(self._thumbnail_shape, dtype=np.uint8)
        else:
            super()._update_thumbnail()


class PlacedImage(_Placed, Image):  # type: ignore[misc]
    """An Image drawn where ``placement`` puts its levels.

    Parameters
    ----------
    data : the levels, finest first, as for `napari.layers.Image`.
    placement : where they are.
    **kwargs : everything else `napari.layers.Image` takes.

    Raises
    ------
    PlacementError
        If the number of levels is not that of the placement.
    """

    _state_class = PlacedImageState

    @classmethod
    def _basename(cls) -> str:
        return "Image"

    @property
    def _type_string(self) -> str:
        return "image"

    @property
    def data(self) -> Any:
        """The levels."""
        return Image.data.fget(self)

    @data.setter
    def data(self, data: Sequence[Any]) -> None:
        self._replace_data(Image, data)


class PlacedLabels(_Placed, Labels):  # type: ignore[misc]
    """Labels drawn where ``placement`` puts their levels; see `PlacedImage`."""

    _state_class = PlacedLabelsState

    @classmethod
    def _basename(cls) -> str:
        return "Labels"

    @property
    def _type_string(self) -> str:
        return "labels"

    @property
    def data(self) -> Any:
        """The levels."""
        return Labels.data.fget(self)

    @data.setter
    def data(self, data: Sequence[Any]) -> None:
        self._replace_data(Labels, data)


def promote(layer: Layer, placement: Placement) -> None:
    """Turn a plain Image or Labels into an exact one, in place.

    The object stays the same one, so that its place in the list, selection, links, callbacks,
    visual, controls and every reference to it remain valid.

    Raises
    ------
    TypeError
        If the layer's class is neither `Image` nor `Labels` itself.
    PlacementError
        If the number of levels is not that of the placement.
    """
    exact = {Image: PlacedImage, Labels: PlacedLabels}.get(type(layer))
    if exact is None:
        raise TypeError(f"a layer of class {type(layer).__name__} cannot be placed exactly")
    if not layer.multiscale or len(layer.data) != len(placement):
        raise PlacementError(f"the placement is for {len(placement)} levels, found another number")
    layer.__class__ = exact
    layer._placement = placement
    layer._slicing_state.__class__ = exact._state_class
    layer.metadata = remember_placement(
        layer.metadata, placement, [tuple(shape) for shape in layer.level_shapes.tolist()]
    )
    layer.refresh()
