"""What a layer's record says of the levels that the layer has now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.layers.notes import KEY
from napari_strata.layers.viewer_axes import arranged_axes
from napari_strata.model import Axis


@dataclass(frozen=True)
class KnownLevels:
    """A record of ours that fits the levels of its layer.

    Attributes
    ----------
    note : the record itself.
    axes : of the image, in its own order, units as declared.
    order : for each axis of the layer as it was opened, the image's.
    worlds : of every level, voxel centre → world; the layer's axes, micrometres and seconds.
    """

    note: Mapping[str, Any]
    axes: tuple[Axis, ...]
    order: tuple[int, ...]
    worlds: tuple[Matrix, ...]

    @property
    def levels(self) -> Sequence[Mapping[str, Any]]:
        """The levels as declared; all axes of the image."""
        found: Sequence[Mapping[str, Any]] = self.note["levels"]
        return found


def known_levels(layer: Layer) -> KnownLevels | None:
    """Read a layer's record.

    None where there is none of an image, where it cannot be read (somebody else's ``"strata"``),
    and where the layer has other levels by now: another number, or other shapes.
    """
    if not isinstance(layer, Image | Labels):
        return None
    note = layer.metadata.get(KEY)
    if not isinstance(note, Mapping):
        return None
    try:
        known = _read(note)
        shapes = [[int(level["shape"][axis]) for axis in known.order] for level in known.levels]
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    return known if shapes == layer.level_shapes.tolist() else None


def _read(note: Mapping[str, Any]) -> KnownLevels:
    axes = tuple(Axis(str(a["name"]), a["type"], a["unit"]) for a in note["axes"])
    order = _order(axes, list(note["layer_axes"]))
    worlds = tuple(affine.frozen(level["affine"]) for level in note["layer_levels"])
    size = len(order) + 1
    if any(w.shape != (size, size) or not np.all(np.isfinite(w)) for w in worlds):
        raise ValueError("expected one square matrix a level")
    if len(worlds) != len(note["levels"]) or not worlds:
        raise ValueError("expected a matrix for every level")
    affine.invert(worlds[0])  # every other level is placed by it
    return KnownLevels(note, axes, order, worlds)


def _order(axes: Sequence[Axis], names: list[str]) -> tuple[int, ...]:
    """Find out which of the image's axes the layer has; two axes may have one name."""
    for split in (None, *range(len(axes))):
        arranged = arranged_axes(axes, split)
        if list(arranged.labels) == names:
            return arranged.order
    raise ValueError("expected the axes of the image, one left out at most")
