"""Which images of a dataset become layers when it is opened whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

from napari_strata.dataset import Image

MOST_IMAGES = 8
MOST_CHANNEL_LAYERS = 32


def choose(images: Sequence[Image]) -> tuple[list[Image], int]:
    """Return at most `MOST_IMAGES`, the largest raw one first, and how many are left out."""
    ordered = sorted(images, key=_weight)
    return ordered[:MOST_IMAGES], len(ordered) - len(ordered[:MOST_IMAGES])


def _weight(image: Image) -> tuple[bool, int]:
    level = image.levels[0]
    return image.kind == "labels", -math.prod(level.shape) * level.dtype.itemsize


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
