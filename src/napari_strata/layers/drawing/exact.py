"""Image and Labels layers whose levels are drawn exactly where a `Placement` puts them.

napari derives a level's place from its shape alone. These layers override the few methods in which
it does; reading and placing a view is in `napari_strata.layers.drawing.slicing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer
from napari.layers._scalar_field.scalar_field import ScalarFieldBase

from napari_strata.layers.drawing.boxes import Boxed
from napari_strata.layers.drawing.slicing import PlacedImageState, PlacedLabelsState, PlacedState
from napari_strata.layers.drawing.tiles import Tiled
from napari_strata.layers.notes import mark_misplaced, remember_placement
from napari_strata.layers.placement import Placement, PlacementError

Vector = npt.NDArray[np.float64]


class _Placed(Tiled, Boxed):
    """What both layers override; goes in front of napari's class."""

    _state_class: type[PlacedState]
    _placement: Placement
    _slicing_state: PlacedState

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
        if view_direction is not None and np.ndim(view_direction) == 0:
            view_direction = None  # napari's Labels wraps a missing one into an array
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
