"""What points, lines, graphs and meshes are: frozen values, numpy alone.

Vectors are in array order, as an image's: the columns of ``vertices``, boxes and matrices follow
``Geometry.axes`` (…, t, z, y, x), whatever the order in the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_strata.affine import Matrix
from napari_strata.model import Axis, Contribution, Problem

GeometryKind = Literal["points", "lines", "graph", "mesh"]
VertexSpace = Literal["world", "declared"]
Box = npt.NDArray[np.float64]
"""``(2, n)``: lowest and highest corner, in world coordinates, both included."""


@dataclass(frozen=True)
class GeometryLocation:
    """Where the vertices of one level are: enough to read them.

    Attributes
    ----------
    kvstore : tensorstore key-value store specification (JSON) of the store's, or the mesh's,
        own folder.
    encoding : which container format.
    metadata : what the reader of that encoding has to know; JSON values.
    where : the metadata file, for messages.
    """

    kvstore: Mapping[str, Any]
    encoding: Literal["zvf", "legacy-mesh", "multiscale-mesh"]
    metadata: Mapping[str, Any]
    where: str


@dataclass(frozen=True)
class GeometryLevel:
    """One resolution of a geometry.

    Attributes
    ----------
    path : relative to what was opened.
    vertex_count : as declared; None where the format does not say.
    declared : ``(n + 1, n + 1)``, the transform the metadata declares for the level, as if from
        stored vertex to world; None if it declares none. Whether it is one is decided from the
        vertices (formats.md, ZVF).
    origin : the contributions that, composed left to right, make up ``declared``.
    cell : ``(n,)`` the edges of the smallest cell the level's vertices are kept in, in stored
        coordinates; None where there are no cells.
    """

    path: str
    vertex_count: int | None
    declared: Matrix | None
    location: GeometryLocation
    origin: tuple[Contribution, ...] = ()
    cell: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Geometry:
    """Points, lines, a graph or a mesh: levels from finest to coarsest.

    Attributes
    ----------
    path : relative to what was opened.
    format : ``zvf`` or ``precomputed``.
    stored_kind : what the format calls it (``point_cloud``, ``streamline``, ``skeleton`` …).
    axes : of the columns of ``vertices``; units as declared.
    columns : for each of the axes, the store's own column.
    bounds : ``(2, n)`` the box the metadata declares; None if it declares none.
    space : which space the stored vertices are in, where that is known or was asked for; None
        if it is to be decided by evidence.
    segment : of a mesh that is one of many, its id.
    folder : of a folder of meshes, one a segment: where it is. It has no levels; those of a
        segment are known when its manifest is read (`napari_strata.geometries.segment`).
    segments : the ids of those that are listed; None where they cannot be listed, and elsewhere.
    choices : how the dataset was opened: names and values of the arguments of `strata.open` that
        were given.
    layer : plain JSON values that say which layer it was written from, if it was by us.
    annotation : whether it belongs to the images it was found with: it is always shown with them,
        whole, as the layer it was.
    """

    name: str
    path: str
    format: Literal["zvf", "precomputed"]
    kind: GeometryKind
    stored_kind: str
    axes: tuple[Axis, ...]
    columns: tuple[int, ...]
    levels: tuple[GeometryLevel, ...]
    bounds: Box | None = None
    space: VertexSpace | None = None
    segment: int | None = None
    folder: GeometryLocation | None = None
    segments: tuple[int, ...] | None = None
    choices: tuple[tuple[str, str], ...] = ()
    layer: Mapping[str, Any] = field(default_factory=dict)
    annotation: bool = False
    problems: tuple[Problem, ...] = ()
    evidence: str = ""

    @property
    def ndim(self) -> int:
        """Number of columns of the vertices."""
        return len(self.axes)


@dataclass(frozen=True)
class SpaceDecision:
    """Which space the vertices of a level are in, and why.

    Attributes
    ----------
    reason : one sentence with the figures, for the layer's record.
    box : ``(2, n)`` of the level's vertices in world, under this reading; None if it was not read.
    problem : where the evidence is thin, or contradicts the metadata.
    """

    space: VertexSpace
    reason: str
    box: Box | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class Vertices:
    """The vertices of a level, or of a box in it, in world coordinates.

    Attributes
    ----------
    vertices : ``(N, n)`` float, columns as the geometry's axes, in its units.
    parts : ``(P + 1,)`` of lines: part p is ``vertices[parts[p]:parts[p + 1]]``; None elsewhere.
    edges : ``(M, 2)`` of a graph: indices of vertices; None elsewhere, and where a level of a
        graph has no edges stored.
    faces : ``(F, 3)`` of a mesh: indices of vertices; None elsewhere, and where a level of a
        mesh has no faces stored.
    vertex_attributes : by name, ``(N, …)``.
    object_ids : ``(P,)`` of lines, the object of each part; else ``(N,)``, of each vertex; None
        if the store tracks none.
    object_attributes : by name, ``(O, …)``; row o belongs to the object ``attribute_ids[o]``.
    groups : ids of objects, by the group's name.
    edge_attributes : by name, ``(M, …)``.
    problems : what could not be read, and what that means for what is here.
    """

    vertices: npt.NDArray[np.floating[Any]]
    parts: npt.NDArray[np.int64] | None = None
    edges: npt.NDArray[np.int64] | None = None
    faces: npt.NDArray[np.int64] | None = None
    vertex_attributes: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    object_ids: npt.NDArray[np.int64] | None = None
    object_attributes: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    attribute_ids: npt.NDArray[np.int64] | None = None
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    edge_attributes: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def bounds(self) -> Box | None:
        """``(2, n)`` the box of the vertices; None if there are none."""
        if not len(self.vertices):
            return None
        corners = (self.vertices.min(axis=0), self.vertices.max(axis=0))
        return np.array(corners, dtype=np.float64)
