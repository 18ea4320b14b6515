"""Images of one dataset on the same axes: a viewer matches the axes of layers from the last one.

Beside an image of t, z, y, x, one of t, y, x would have its times along z. It gets the axis it
lacks, on which it shows the same on every plane.
"""

from __future__ import annotations

from collections.abc import Sequence

from napari_strata.dataset import Image
from napari_strata.formats.repeated_axis import can_repeat, with_axis
from napari_strata.layers.choose import split_axis
from napari_strata.layers.viewer_axes import viewer_axes
from napari_strata.model import Problem

_RANKS = {"space": 0, "time": 1}


def on_shared_axes(images: Sequence[Image], problems: list[Problem]) -> list[Image]:
    """Add to each image the axes that others have behind one of its own."""
    order = _order(images)
    result = []
    for image in images:
        own = _layer_axes(image)
        farthest = max((order.index(name) for name in own), default=0)
        for name in order[:farthest]:
            if name in own:
                continue
            donor = next(other for other in images if name in _layer_axes(other))
            if not can_repeat(image.model, donor.model):
                problems.append(_not_shared(image, name))
                break
            given = next(axis.name for axis in donor.axes if axis.name.lower() == name)
            image = Image(with_axis(image.model, donor.model, given))
        result.append(image)
    return result


def _order(images: Sequence[Image]) -> list[str]:
    """Name all axes of all layers, from the last to the first: space, time, others."""
    distance: dict[str, tuple[int, int]] = {}
    for image in images:
        kinds = {axis.name.lower(): _RANKS.get(axis.type, len(_RANKS)) for axis in image.axes}
        for steps, name in enumerate(reversed(_layer_axes(image))):
            distance[name] = max(distance.get(name, (0, 0)), (kinds[name], steps))
    return sorted(distance, key=lambda name: distance[name])


def _layer_axes(image: Image) -> tuple[str, ...]:
    """Name the axes of an image's layers, in their order, in lower case."""
    return tuple(name.lower() for name in viewer_axes(image.model, split_axis(image)).labels)


def _not_shared(image: Image, name: str) -> Problem:
    message = f"lacks the axis {name} of others in the dataset; its sliders are not theirs"
    return Problem("axes-not-shared", "warning", image.path or ".", message)
