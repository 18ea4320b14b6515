"""Vertices: reading the levels of geometries, and which space they are in."""

from __future__ import annotations

from napari_strata.geometry import Box, Geometry, SpaceDecision, VertexSpace, Vertices

MOST_VERTICES = 2_000_000
"""What is read at once without being asked for more: the default budget."""


def read(geometry: Geometry, level: int, space: VertexSpace, box: Box | None = None) -> Vertices:
    """Read a level's vertices in world coordinates, all or those in a box.

    Raises
    ------
    OpenError
        If they cannot be read, or what is stored contradicts itself.
    """
    if geometry.levels[level].location.encoding == "zvf":
        from napari_strata.geometries import zvf

        return zvf.read(geometry, level, space, box)
    from napari_strata.geometries import mesh

    return mesh.read(geometry, level, box)


def decide(geometry: Geometry) -> tuple[SpaceDecision, ...]:
    """Decide for each level which space its stored vertices are in.

    A level whose vertices cannot be read is taken as in world, with a problem.
    """
    from napari_strata.geometries import space

    return space.decide(geometry)


def segment(geometry: Geometry, segment_id: int) -> Geometry:
    """Read the manifest of one segment of a folder of meshes.

    Raises
    ------
    OpenError
        If there is no such segment, or its manifest is damaged.
    """
    from napari_strata.geometries import mesh

    return mesh.segment(geometry, segment_id)
