"""Which section of the specification a problem that opening found belongs to."""

from __future__ import annotations

from napari_strata.model import Problem

# The innermost key that has a section of its own says which one it is.
_SECTIONS = (
    "coordinateTransformations",
    "coordinateSystems",
    "axes",
    "datasets",
    "multiscales",
    "omero",
    "image-label",
    "labels",
    "plate",
    "well",
    "scene",
    "bioformats2raw.layout",
)


def section_of(problem: Problem) -> str:
    """Name the section by the key a problem points at; empty if it has none."""
    file, _, key = problem.where.partition(": ")
    places = {section: key.rfind(section) for section in _SECTIONS}
    best = max(places, key=places.__getitem__)
    if places[best] >= 0:
        return best
    return "arrays" if key and file.endswith((".zarray", "zarr.json")) else ""
