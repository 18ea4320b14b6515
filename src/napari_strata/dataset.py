"""The public objects: a dataset, its images and their levels, ready to be read.

Thin views of the frozen model that add pixels; the names here are fixed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from napari_strata import model
from napari_strata.affine import Matrix, Vector
from napari_strata.arrays import LevelArray, open_level
from napari_strata.arrays.decodable import decodable
from napari_strata.formats import Context, Orientation, Origin
from napari_strata.formats.discover import open_node
from napari_strata.formats.spacing import different_spacing
from napari_strata.formats.systems import in_system
from napari_strata.model import Axis, Display, Kind, OpenError, Problem
from napari_strata.store.container import open_container
from napari_strata.store.hierarchy import Array
from napari_strata.store.location import parse_location
from napari_strata.store.tree import Node

if TYPE_CHECKING:
    import dask.array

__all__ = ["Dataset", "Image", "Level", "OpenError", "open"]


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


class Dataset:
    """Everything found at a path or URL."""

    def __init__(
        self, path: str, images: Sequence[model.Image], problems: Sequence[Problem]
    ) -> None:
        self.path = path
        self.images = tuple(Image(image) for image in images)
        self.geometries: tuple[Any, ...] = ()
        self.problems = tuple(problems)

    def __repr__(self) -> str:
        return f"<Dataset {self.path!r}, {len(self.images)} images>"

    def __getitem__(self, path: str) -> Image:
        """Look up an image by its path relative to the dataset, else by its name.

        The stacks of a slice have one path, and a name each.

        Raises
        ------
        KeyError
            With the paths there are.
        """
        for image in self.images:
            if image.path == path.strip("/"):
                return image
        for image in self.images:
            if image.name == path:
                return image
        known = ", ".join(repr(image.path) for image in self.images)
        raise KeyError(f"no image at {path!r}; there are {known}")

    def tree(self) -> str:
        """Draw the images and their levels as indented text."""
        lines = [self.path]
        for image in self.images:
            axes = "".join(a.name if len(a.name) == 1 else f"({a.name})" for a in image.axes)
            lines.append(f"  {image.path or '.'}  [{image.format}, {image.kind}, {axes}]")
            for level in image.levels:
                shape = " × ".join(str(n) for n in level.shape)
                lines.append(f"    {level.path or '.'}  {shape}  {level.dtype}")
        return "\n".join(lines)


def open(
    path: str | os.PathLike[str],
    *,
    origin: Literal["center", "corner"] = "center",
    multiscale: str | None = None,
    orientation: Literal["image", "stage"] = "image",
) -> Dataset:
    """Open a container, an image in it, one of its levels, or a metadata file.

    Parameters
    ----------
    path : a local path, or an http(s), s3 or gs URL.
    origin : where Neuroglancer's N5 metadata, which does not say, and precomputed volumes put
        world 0: at the centre of the full-resolution voxel 0, or at its corner. Images of
        different base resolution line up only with ``"corner"``.
    multiscale : which one, by name, where an OME-NGFF group holds several; by default the one
        named "3D", else the first.
    orientation : VISoR's stacks are moved to their positions on the stage in the axes of the
        image of the same names; with ``"stage"`` frames follow each other along the stage's
        x, and their columns lie along its y (docs/formats.md).

    Raises
    ------
    OpenError
        If nothing can be shown honestly: one line with file, key, found and expected.
    """
    if origin not in ("center", "corner"):
        raise ValueError(f'origin is {origin!r}, expected "center" or "corner"')
    if orientation not in ("image", "stage"):
        raise ValueError(f'orientation is {orientation!r}, expected "image" or "stage"')
    node = open_container(path)
    return open_at(node, path, origin=origin, multiscale=multiscale, orientation=orientation)


def open_at(
    node: Node,
    path: str | os.PathLike[str],
    *,
    origin: Origin = "center",
    multiscale: str | None = None,
    orientation: Orientation = "image",
) -> Dataset:
    """Open a node that `open_container` gave for a path: whoever has it too reads no file again.

    Raises
    ------
    OpenError
        As `open` does.
    """
    found, context = open_node(Context(node, origin, multiscale, _read_values, orientation))
    images = [checked for image in found.images if (checked := decodable(image, found.problems))]
    if not images:
        errors = [p for p in found.problems if p.severity == "error"]
        raise OpenError(errors[-1], found.problems)
    problems = [*found.problems, *different_spacing(images, origin)]
    opened = replace(parse_location(path), path=context.opened.path)
    return Dataset(str(opened), images, problems)


def _read_values(array: Array) -> npt.NDArray[np.float64]:
    """Read a small array whole: transform parameters may be stored as one."""
    lazy = open_level(array.location, shape=array.shape, dtype=array.dtype, chunks=array.chunks)
    return np.asarray(lazy, dtype=np.float64)
