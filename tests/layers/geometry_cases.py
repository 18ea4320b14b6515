"""Geometries made by hand, and vertices handed out instead of read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_strata import dataset, geometries
from napari_strata import geometry as values
from napari_strata.affine import from_scale_translate
from napari_strata.geometry import SpaceDecision, Vertices
from napari_strata.model import Axis

ZYX = tuple(Axis(name, "space", "micrometer") for name in "zyx")
ZYX_NM = tuple(Axis(name, "space", "nanometer") for name in "zyx")
TZYX = (Axis("t", "time", "second"), *ZYX)
YX = ZYX[1:]

#: A tetrahedron.
CORNERS = np.array([[8.0, 8, 8], [8, 8, 12], [8, 12, 8], [12, 8, 8]])
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def location(**metadata: Any) -> values.GeometryLocation:
    return values.GeometryLocation({}, "zvf", metadata, "zarr.json")


@dataclass
class Store:
    """Stands in for the reading stage: levels by the geometry's path."""

    levels: dict[str, Sequence[Vertices]] = field(default_factory=dict)
    reads: list[tuple[str, int]] = field(default_factory=list)

    def geometry(
        self,
        kind: values.GeometryKind,
        levels: Sequence[Vertices],
        *,
        axes: Sequence[Axis] = ZYX,
        path: str = "",
        name: str = "cells",
        counts: Sequence[int | None] | None = None,
        arrays: Sequence[Sequence[str]] | None = None,
        **more: Any,
    ) -> dataset.Geometry:
        counts = counts or [len(v.vertices) for v in levels]
        known = [{} if arrays is None else {"arrays_present": list(a)} for a in arrays or levels]
        self.levels[path] = levels
        n = len(axes)
        model = values.Geometry(
            name=name,
            path=path,
            format="zvf",
            kind=kind,
            stored_kind=kind,
            axes=tuple(axes),
            columns=tuple(range(n)),
            levels=tuple(
                values.GeometryLevel(
                    f"{path}/{i}".lstrip("/"),
                    count,
                    from_scale_translate([2.0**i] * n, [1.0] * n),
                    location(**known[i]),
                )
                for i, count in enumerate(counts)
            ),
            **more,
        )
        return dataset.Geometry(model)

    def read(self, geometry: values.Geometry, level: int, space: str, box: Any = None) -> Vertices:
        self.reads.append((geometry.path, level))
        whole = self.levels[geometry.path][level]
        if space == "declared":
            matrix = geometry.levels[level].declared
            assert matrix is not None
            moved = whole.vertices @ matrix[:-1, :-1].T + matrix[:-1, -1]
            whole = Vertices(**{**vars(whole), "vertices": moved})
        if box is None:
            return whole
        inside = np.all((whole.vertices >= box[0]) & (whole.vertices <= box[1]), axis=1)
        assert whole.parts is whole.edges is whole.faces is None
        kept = {k: v[inside] for k, v in whole.vertex_attributes.items()}
        return Vertices(whole.vertices[inside], vertex_attributes=kept)

    def decide(self, geometry: values.Geometry) -> tuple[SpaceDecision, ...]:
        space = geometry.space or "world"
        return tuple(
            SpaceDecision(space, f"found in {space}", self.levels[geometry.path][i].bounds)
            for i in range(len(geometry.levels))
        )

    def install(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(geometries, "read", self.read)
        monkeypatch.setattr(geometries, "decide", self.decide)


def lines(*paths: Any, **more: Any) -> Vertices:
    arrays = [np.asarray(path, dtype=np.float64) for path in paths]
    parts = np.concatenate([[0], np.cumsum([len(a) for a in arrays])]).astype(np.int64)
    return Vertices(np.concatenate(arrays), parts=parts, **more)


def tetrahedron(**more: Any) -> Vertices:
    return Vertices(CORNERS, faces=FACES, **more)
