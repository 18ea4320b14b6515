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

    Labels have no channels, and hundreds of them (spectra) are better scrolled than stacked.
    """
    axis = image.model.channel_axis
    if axis is None or image.kind == "labels":
        return None
    return axis if image.levels[0].shape[axis] <= MOST_CHANNEL_LAYERS else None
