"""An image, its levels and their pixels."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_strata import model
from napari_strata.affine import Matrix, Vector
from napari_strata.arrays import LevelArray, open_level
from napari_strata.formats.systems import in_system
from napari_strata.model import Axis, Display, Kind, Problem

if TYPE_CHECKING:
    import dask.array


class Level:
    """One resolution of an image; vectors in array order, units those of the image's axes."""

    def __init__(self, level: model.Level) -> None:
        self._model = level

    def __repr__(self) -> str:
        return f"<Level {self.path!r} {self.shape} {self.dtype}>"

    @property
    def path(self) -> str:
        """Relative to what was opened."""
        return self._model.path

    @property
    def shape(self) -> tuple[int, ...]:
        """In voxels."""
        return self._model.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the values, in this machine's byte order."""
        return self._model.dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        """The smallest unit that is read, in voxels."""
        return self._model.chunks

    @property
    def affine(self) -> Matrix:
        """``(n + 1, n + 1)``: the centre of a voxel → world."""
        return self._model.affine

    @property
    def scale(self) -> Vector | None:
        """Per axis; None where the affine has more than scale and translation."""
        return self._model.scale

    @property
    def translate(self) -> Vector | None:
        """Per axis; None where the affine has more than scale and translation."""
        return self._model.translate

    @property
    def origin(self) -> tuple[model.Contribution, ...]:
        """What, composed left to right, makes up the affine, and where each was declared."""
        return self._model.origin

    @cached_property
    def data(self) -> LevelArray:
        """The pixels, read when they are needed."""
        return self.lazy()

    def lazy(self, on_error: Callable[[Exception], None] | None = None) -> LevelArray:
        """Open the pixels anew; ``on_error`` hears of chunks that fail, shown as 0 then."""
        level = self._model
        return open_level(
            level.location,
            shape=level.shape,
            dtype=level.dtype,
            chunks=level.chunks,
            on_error=on_error,
        )

    def to_dask(self) -> dask.array.Array:
        """Give a dask array, one block a chunk; raises ValueError beyond 10⁶ blocks."""
        return self.data.to_dask()


class Image:
    """A multiscale image or labels."""

    def __init__(self, image: model.Image) -> None:
        self.model = image
        self.levels = tuple(Level(level) for level in image.levels)

    def __repr__(self) -> str:
        return f"<Image {self.path!r} {self.format} {self.kind}, {len(self.levels)} levels>"

    @property
    def name(self) -> str:
        """What a layer of it is called."""
        return self.model.name

    @property
    def path(self) -> str:
        """Relative to what was opened; empty if that was the image itself."""
        return self.model.path

    @property
    def format(self) -> str:
        """The dialect its place was read from."""
        return self.model.format

    @property
    def kind(self) -> Kind:
        """``image`` or ``labels``."""
        return self.model.kind

    @property
    def axes(self) -> tuple[Axis, ...]:
        """In array order; units as declared."""
        return self.model.axes

    @property
    def display(self) -> Display:
        """The declared rendering."""
        return self.model.display

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was not as it should be, and what was assumed."""
        return self.model.problems

    @property
    def systems(self) -> tuple[str, ...]:
        """Names of the coordinate systems it has, its intrinsic one first; only OME-Zarr 0.6."""
        return tuple(system.name for system in self.model.systems)

    @property
    def system(self) -> str | None:
        """Name of the one that axes and affines are in; None where the format has none."""
        return self.model.system

    def in_system(self, name: str) -> Image:
        """Give the same image in another of its coordinate systems.

        Its axes are the system's. Where the system has more axes than the image, levels get
        axes of length 1; axes that the system lacks stay in front and count voxels.

        Raises
        ------
        OpenError
            If there is no such system (the message lists them), or the image cannot be shown
            in it: no linear transform leads there, or it would be projected.
        """
        return Image(in_system(self.model, name))
