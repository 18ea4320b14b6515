"""Meshes of single segments: reading them, and putting them into a viewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari.layers import Layer

from napari_strata.layers.geometry.address import Address
from napari_strata.layers.notes import KEY
from napari_strata.model import OpenError, Problem
from napari_strata.widgets.chosen_layers import is_geometry
from napari_strata.widgets.mesh_folder import OpenedFolder


@dataclass(frozen=True)
class Segment:
    """The layers of a segment's mesh."""

    layers: tuple[Any, ...]


def read_segment(folder: OpenedFolder, segment: int) -> Segment:
    """Read the mesh of a segment; runs in any thread.

    Raises
    ------
    OpenError
        If there is no such segment, or nothing of it can be shown.
    """
    from napari_strata.layers.geometry.build import geometry_layers

    problems: list[Problem] = []
    mesh = folder.geometry.segment(segment)
    layers = geometry_layers(folder.address.dataset, mesh, problems)
    errors = [p for p in problems if p.severity == "error"]
    if not layers:
        missing = Problem("no-mesh", "error", str(segment), "the segment has no mesh to show")
        raise OpenError(errors[-1] if errors else missing, problems)
    return Segment(tuple(layers))


def shown_segment(viewer: Any, folder: OpenedFolder, segment: int) -> Layer | None:
    """Give the layer of a segment, if the viewer has one already."""
    for layer in viewer.layers:
        if is_geometry(layer):
            note = layer.metadata[KEY]
            if (Address.recorded(note), note.get("segment")) == (folder.address, segment):
                return layer
    return None


def add_segment(viewer: Any, segment: Segment) -> None:
    """Put the layers of a segment into a viewer; the last one is selected."""
    from napari_strata.layers.arrival import watch
    from napari_strata.layers.run import run_in_background

    watch(viewer, run_in_background)
    for each in segment.layers:
        viewer.add_layer(each if isinstance(each, Layer) else Layer.create(*each))
