"""Opening a path: what is found there, images and geometries."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_strata import geometry, model
from napari_strata.arrays import open_level
from napari_strata.arrays.decodable import decodable
from napari_strata.dataset.choices import DEFAULT_CHOICES, Choices
from napari_strata.dataset.geometry import Geometry
from napari_strata.dataset.image import Image
from napari_strata.formats import Context, annotations_beside
from napari_strata.formats.discover import open_node
from napari_strata.formats.spacing import different_spacing
from napari_strata.geometry import VertexSpace
from napari_strata.model import OpenError, Problem
from napari_strata.store.container import open_container
from napari_strata.store.hierarchy import Array
from napari_strata.store.location import parse_location
from napari_strata.store.tree import Node


class Dataset:
    """Everything found at a path or URL."""

    def __init__(
        self,
        path: str,
        images: Sequence[model.Image],
        problems: Sequence[Problem],
        geometries: Sequence[geometry.Geometry] = (),
        choices: Choices = DEFAULT_CHOICES,
    ) -> None:
        self.path = path
        self.images = tuple(Image(image) for image in images)
        self.geometries = tuple(Geometry(each) for each in geometries)
        self.problems = tuple(problems)
        self.choices = choices

    def __repr__(self) -> str:
        counts = [f"{len(self.images)} images"] if self.images or not self.geometries else []
        if self.geometries:
            counts.append(f"{len(self.geometries)} geometries")
        return f"<Dataset {self.path!r}, {', '.join(counts)}>"

    def __getitem__(self, path: str) -> Image:
        """Look up an image by its path relative to the dataset, else by its name.

        The stacks of a slice have one path, and a name each. Geometries are in ``geometries``.

        Raises
        ------
        KeyError
            With the paths there are, also where several have the name.
        """
        for image in self.images:
            if image.path == path.strip("/"):
                return image
        named = [image for image in self.images if image.name == path]
        if len(named) == 1:
            return named[0]
        if named:
            paths = ", ".join(repr(image.path) for image in named)
            raise KeyError(
                f"{len(named)} images are called {path!r}; say which by its path: {paths}"
            )
        known = ", ".join(repr(image.path) for image in self.images) or "none"
        raise KeyError(f"no image at {path!r}; there are {known}")

    def tree(self) -> str:
        """Draw the images, the geometries and their levels as indented text."""
        lines = [self.path]
        for image in self.images:
            axes = "".join(a.name if len(a.name) == 1 else f"({a.name})" for a in image.axes)
            lines.append(f"  {image.path or '.'}  [{image.format}, {image.kind}, {axes}]")
            for level in image.levels:
                shape = " × ".join(str(n) for n in level.shape)
                lines.append(f"    {level.path or '.'}  {shape}  {level.dtype}")
        for each in self.geometries:
            axes = "".join(a.name if len(a.name) == 1 else f"({a.name})" for a in each.axes)
            lines.append(f"  {each.path or '.'}  [{each.format}, {each.kind}, {axes}]")
            lines += [f"    {x.path or '.'}  {x.vertex_count} vertices" for x in each.levels]
        return "\n".join(lines)


def open(
    path: str | os.PathLike[str],
    *,
    origin: Literal["center", "corner"] = "center",
    multiscale: str | None = None,
    orientation: Literal["image", "stage"] = "image",
    vertices: VertexSpace | None = None,
    profile: str | None = None,
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
    vertices : of ZVF: take the stored vertices as world coordinates (``"world"``), or apply the
        transforms the store declares for its levels (``"declared"``). By default each level's
        vertices decide.
    profile : name of the AWS profile that S3 is read by. By default buckets are read as anyone
        can, and with the usual credentials where that is refused. Other storage has no use for it.

    Raises
    ------
    OpenError
        If nothing can be shown honestly: one line with file, key, found and expected.
    """
    choices = Choices(origin, multiscale, orientation, vertices, profile)
    return open_at(open_container(path, profile), path, choices)


def open_at(
    node: Node, path: str | os.PathLike[str], choices: Choices = DEFAULT_CHOICES
) -> Dataset:
    """Open a node that `open_container` gave for a path: whoever has it too reads no file again.

    Raises
    ------
    OpenError
        As `open` does.
    """
    found, context = open_node(context_at(node, choices))
    annotations_beside.add_to(found, context)
    images = [checked for image in found.images if (checked := decodable(image, found.problems))]
    if not images and not found.geometries:
        errors = [p for p in found.problems if p.severity == "error"]
        raise OpenError(errors[-1], found.problems)
    problems = [*found.problems, *different_spacing(images, choices.origin)]
    opened = replace(parse_location(path), path=context.opened.path)
    how = tuple(choices.to_json().items())
    geometries = [replace(each, choices=how) for each in found.geometries]
    return Dataset(str(opened), images, problems, geometries, choices)


def context_at(node: Node, choices: Choices) -> Context:
    """Give what the formats are told where a node is opened."""
    return Context(
        node,
        choices.origin,
        choices.multiscale,
        _read_values,
        choices.orientation,
        choices.vertices,
    )


def _read_values(array: Array) -> npt.NDArray[np.float64]:
    """Read a small array whole: transform parameters may be stored as one."""
    lazy = open_level(array.location, shape=array.shape, dtype=array.dtype, chunks=array.chunks)
    return np.asarray(lazy, dtype=np.float64)
