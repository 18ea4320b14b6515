"""Which images and geometries of a dataset become layers when it is opened whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_strata.dataset import Geometry, Image

MOST_IMAGES = 8
MOST_PARTS = 64  # of wholes; more layers than these, times their channels, make a viewer slow
MOST_CHANNEL_LAYERS = 32
MOST_GEOMETRIES = 8
MOST_MESHES = 8  # of the segments of a folder: of more, the user says which
MOST_VISIBLE_GEOMETRIES = 3


def choose(images: Sequence[Image]) -> tuple[list[Image], int]:
    """Return at most `MOST_IMAGES`, the largest raw one first, and how many are left out.

    The parts of a whole, such as the stacks of a slice, count as one image and stay together.
    Images that are only offered beside others are left out where there are others.
    """
    wholes: dict[tuple[object, str], list[Image]] = {}
    for position, image in enumerate(images):
        key = position if image.model.whole is None else image.model.whole
        wholes.setdefault((key, image.kind), []).append(image)
    ordered = sorted(wholes.values(), key=_weight)
    main = [parts for parts in ordered if not parts[0].model.beside] or ordered
    kept: list[Image] = []
    count = 0
    for parts in main[:MOST_IMAGES]:
        if kept and len(kept) + len(parts) > MOST_PARTS:
            break
        kept += parts
        count += 1
    return kept, len(ordered) - count


def _weight(parts: Sequence[Image]) -> tuple[bool, int]:
    levels = [image.levels[0] for image in parts]
    size = sum(math.prod(level.shape) * level.dtype.itemsize for level in levels)
    return parts[0].kind == "labels", -size


def choose_geometries(geometries: Sequence[Geometry]) -> tuple[list[Geometry], int]:
    """Return at most `MOST_GEOMETRIES`, in their order, and how many are left out.

    Annotations of the images are all shown, and do not count.
    """
    others = [g for g in geometries if not g.model.annotation]
    left_out = {id(geometry) for geometry in others[MOST_GEOMETRIES:]}
    return [g for g in geometries if id(g) not in left_out], len(left_out)


def is_few(geometries: Sequence[Geometry]) -> bool:
    """Tell whether all of them are visible at first, be it over an image or not.

    Of more, the first is, where there is no image. Annotations of the images do not count.
    """
    others = [g for g in geometries if not g.model.annotation]
    return len(others) <= MOST_VISIBLE_GEOMETRIES


def split_axis(image: Image) -> int | None:
    """Return the channel axis that becomes one layer a channel; None keeps a slider.

    Hundreds of channels (spectra) are better scrolled than stacked. Labels have one layer; a
    channel axis of length 1 is left out of it, so that its axes meet those of the image's layers.
    """
    axis = image.model.channel_axis
    if axis is None:
        return None
    most = 1 if image.kind == "labels" else MOST_CHANNEL_LAYERS
    return axis if image.levels[0].shape[axis] <= most else None
