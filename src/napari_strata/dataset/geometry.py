"""A geometry, its levels and their vertices."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from napari_strata import affine as _affine
from napari_strata import geometries
from napari_strata import geometry as values
from napari_strata.affine import Matrix, Vector
from napari_strata.geometry import Box, GeometryKind, SpaceDecision, VertexSpace, Vertices
from napari_strata.model import Axis, Problem


class GeometryLevel:
    """One resolution of a geometry; vectors in the order of its axes, in their units."""

    def __init__(self, geometry: Geometry, index: int) -> None:
        self._geometry = geometry
        self.index = index

    def __repr__(self) -> str:
        return f"<GeometryLevel {self.path!r}, {self.vertex_count} vertices>"

    @property
    def model(self) -> values.GeometryLevel:
        """The frozen value."""
        return self._geometry.model.levels[self.index]

    @property
    def path(self) -> str:
        """Relative to what was opened."""
        return self.model.path

    @property
    def vertex_count(self) -> int | None:
        """As declared; None where the format does not say."""
        return self.model.vertex_count

    @property
    def declared(self) -> Matrix | None:
        """``(n + 1, n + 1)`` the transform the metadata declares; see ``space``."""
        return self.model.declared

    @property
    def declared_scale(self) -> Vector | None:
        """Per axis; None if none is declared, or more than scale and translation is."""
        return self._declared_part(0)

    @property
    def declared_translate(self) -> Vector | None:
        """Per axis; None if none is declared, or more than scale and translation is."""
        return self._declared_part(1)

    def _declared_part(self, index: int) -> Vector | None:
        split = None if self.declared is None else _affine.scale_translate(self.declared)
        return None if split is None else split[index]

    @property
    def decision(self) -> SpaceDecision:
        """Which space the stored vertices are in, and why; reads vertices the first time."""
        return self._geometry.decisions[self.index]

    @property
    def space(self) -> VertexSpace:
        """``world``: the stored vertices are drawn as they are; ``declared``: transformed."""
        return self.decision.space

    @property
    def affine(self) -> Matrix:
        """``(n + 1, n + 1)``: stored vertex (its columns in the order of the axes) → world."""
        if self.declared is not None and self.space == "declared":
            return self.declared
        return np.eye(self._geometry.model.ndim + 1)

    @property
    def bounds(self) -> Box | None:
        """``(2, n)`` what is known of the box of its vertices, in world; None if nothing is.

        The box itself where they were read to decide their space; else what the metadata
        declares, which vertices may lie beyond.
        """
        box = self.decision.box
        return self._geometry.model.bounds if box is None else box

    def read(self, box: npt.ArrayLike | None = None) -> Vertices:
        """Read its vertices, all or those in a box.

        Parameters
        ----------
        box : ``(2, n)``, lowest and highest corner in world, both included, in the order of the
            axes. Of lines and graphs the segments with an end in it are kept, of meshes the
            faces with a corner in it.

        Raises
        ------
        OpenError
            If they cannot be read, or what is stored contradicts itself.
        ValueError
            If the box has another shape, or its corners are the wrong way round.
        """
        checked = None if box is None else _checked(box, self._geometry.model.ndim)
        return geometries.read(self._geometry.model, self.index, self.space, checked)


class Geometry:
    """Points, lines, a graph or a mesh."""

    def __init__(self, geometry: values.Geometry) -> None:
        self.model = geometry
        self.levels = tuple(GeometryLevel(self, i) for i in range(len(geometry.levels)))

    def __repr__(self) -> str:
        return f"<Geometry {self.path!r} {self.format} {self.kind}, {len(self.levels)} levels>"

    @property
    def name(self) -> str:
        """What a layer of it is called."""
        return self.model.name

    @property
    def path(self) -> str:
        """Relative to what was opened; empty if that was the geometry itself."""
        return self.model.path

    @property
    def format(self) -> str:
        """``zvf`` or ``precomputed``."""
        return self.model.format

    @property
    def kind(self) -> GeometryKind:
        """``points``, ``lines``, ``graph`` or ``mesh``."""
        return self.model.kind

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Of the columns of its vertices; units as declared."""
        return self.model.axes

    @property
    def bounds(self) -> Box | None:
        """``(2, n)`` of its finest level, see `GeometryLevel.bounds`."""
        return self.levels[0].bounds if self.levels else self.model.bounds

    @property
    def segments(self) -> tuple[int, ...] | None:
        """Of a folder of meshes, the ids that are listed; None elsewhere, or if not listed."""
        return self.model.segments

    @cached_property
    def decisions(self) -> tuple[SpaceDecision, ...]:
        """One a level: which space its stored vertices are in, and why."""
        return geometries.decide(self.model)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was not as it should be, and what was assumed."""
        thin = [d.problem for d in self.decisions if d.problem is not None]
        return (*self.model.problems, *thin)

    def read(self, box: npt.ArrayLike | None = None, *, level: int = 0) -> Vertices:
        """Read the vertices of a level, see `GeometryLevel.read`."""
        return self.levels[level].read(box)

    def segment(self, segment: int) -> Geometry:
        """Give the mesh of one segment of a folder of meshes; reads its manifest.

        Raises
        ------
        OpenError
            If there is no such segment, or its manifest is damaged.
        """
        return Geometry(geometries.segment(self.model, segment))

    def with_vertices(self, space: VertexSpace | None) -> Geometry:
        """Give the same geometry with its vertices taken as in a space; None: decided anew."""
        return Geometry(replace(self.model, space=space))


def _checked(box: npt.ArrayLike, ndim: int) -> Box:
    corners = np.asarray(box, dtype=np.float64)
    if corners.shape != (2, ndim):
        raise ValueError(f"the box has the shape {corners.shape}, expected (2, {ndim})")
    if not np.all(corners[0] <= corners[1]):
        raise ValueError("the box's first corner lies above its second, or is no number")
    return corners
