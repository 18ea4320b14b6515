"""What a node holds: an image with its labels, or a collection such as a plate or a series."""

from __future__ import annotations

from napari_strata.formats import (
    Context,
    Found,
    images_at,
    ome_labels,
    ome_plate,
    ome_series,
    ome_well,
)
from napari_strata.formats._protocol import Collection
from napari_strata.store.hierarchy import Group

# A plate wins over a series (bioformats2raw writes both), what holds images over what is one.
COLLECTIONS: tuple[Collection, ...] = (ome_plate, ome_well, ome_series, ome_labels)


def open_group(group: Group, context: Context) -> Found | None:
    """Open a node by what it says of itself; None if it says nothing.

    Raises
    ------
    OpenError
        If it says something but nothing honest can be opened by it.
    """
    for collection in COLLECTIONS:
        found = collection.open_group(group, context, images_at)
        if found is not None:
            return found
    images = images_at(group, context)
    return None if images is None else ome_labels.with_labels(group, images, context, images_at)
