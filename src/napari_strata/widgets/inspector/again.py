"""Layers opened again in another way, and put where they are then; all that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from napari.layers import Layer

from napari_strata.dataset import Choices
from napari_strata.layers.changing.reopen import Reopened, apply, can_read_again, read_again
from napari_strata.layers.geometry.record import is_geometry_record
from napari_strata.layers.notes import KEY


@dataclass(frozen=True)
class Again:
    """What was read for layers; ``failed`` says why of those that stay as they are."""

    read: tuple[tuple[Layer, Reopened], ...]
    failed: tuple[str, ...]


def of_same_image(viewer: Any, layer: Layer) -> list[Layer]:
    """List the layers of the image a layer shows: its channels, the layer itself first."""
    note = layer.metadata[KEY]
    return _sorted(
        layer, [x for x in _ours(viewer) if _same(x, note, "dataset", "image", "name", "choices")]
    )


def of_same_dataset(viewer: Any, layer: Layer) -> list[Layer]:
    """List the layers of images that were opened with a layer, the layer itself first."""
    note = layer.metadata[KEY]
    return _sorted(layer, [x for x in _ours(viewer) if _same(x, note, "dataset", "choices")])


def geometries_of(viewer: Any, layer: Layer) -> list[Layer]:
    """List the layers of geometries that were opened with a layer."""
    dataset = layer.metadata[KEY]["dataset"]
    notes = ((x, x.metadata.get(KEY)) for x in viewer.layers)
    return [x for x, note in notes if is_geometry_record(note) and note["dataset"] == dataset]


def read_all(
    layers: Sequence[Layer], *, choices: Choices | None = None, system: str | None = None
) -> Again:
    """Open the images of layers again, in any thread.

    Raises
    ------
    OpenError, ValueError
        If the first one cannot be shown so.
    """
    read, failed = [(layers[0], read_again(layers[0], choices=choices, system=system))], []
    for layer in layers[1:]:
        try:
            read.append((layer, read_again(layer, choices=choices, system=system)))
        except ValueError as error:  # an OpenError is one
            failed.append(str(error))
    return Again(tuple(read), tuple(failed))


def apply_all(viewer: Any, again: Again) -> list[str]:
    """Put layers where they are now, as far as they are still in the viewer.

    Returns
    -------
    What the user should hear, once each: moves that were undone, and layers that stayed.
    """
    said: dict[str, None] = {}
    for layer, reopened in again.read:
        if layer in viewer.layers:
            problems = apply(layer, reopened)
            said |= {p.message: None for p in problems if p not in reopened.problems}
    return [*said, *again.failed]


def _ours(viewer: Any) -> list[Layer]:
    return [x for x in viewer.layers if can_read_again(x)]


def _same(layer: Layer, note: Any, *keys: str) -> bool:
    return all(layer.metadata[KEY].get(key) == note.get(key) for key in keys)


def _sorted(first: Layer, layers: Sequence[Layer]) -> list[Layer]:
    return [first, *(layer for layer in layers if layer is not first)]
