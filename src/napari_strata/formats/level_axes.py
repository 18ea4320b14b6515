"""Giving levels other axes: the same voxels, in another order, with axes of length 1 added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from napari_strata.model import ArrayLocation, Location, MosaicLocation, StackLocation, Tile


def rearranged(location: Location, source: Sequence[int | None]) -> Location:
    """Return the location of the same arrays with other axes.

    Parameters
    ----------
    source : for each new axis the old one it is, each old one once; None is a new one, of
        length 1.

    Raises
    ------
    TypeError
        For a stack of arrays, whose first axis cannot change places.
    """
    if list(source) == list(range(len(source))):  # a view never has fewer axes
        return location
    if isinstance(location, ArrayLocation):
        return _array(location, source)
    if isinstance(location, StackLocation):
        raise TypeError("a stack of arrays keeps its axes")
    tiles = tuple(
        Tile(
            _array(tile.location, source),
            tuple(1 if s is None else tile.shape[s] for s in source),
            tuple(0 if s is None else tile.offset[s] for s in source),
        )
        for tile in location.tiles
    )
    return MosaicLocation(tiles)


def _array(location: ArrayLocation, source: Sequence[int | None]) -> ArrayLocation:
    stored = location.axes
    axes = tuple(None if s is None else s if stored is None else stored[s] for s in source)
    return replace(location, axes=axes)
