"""Label images below an image, and the layers they become."""

from __future__ import annotations

from typing import Any

import numpy as np
from ome_stores import (
    image,
    ome_group,
    under,
)

ZYX = {"0": ((4, 8, 8), [2, 1, 1]), "1": ((4, 4, 4), [2, 2, 2], [0, 0.5, 0.5])}
VERSIONS = ["0.4", "0.5", "0.6"]


def with_labels(
    picture: dict[str, Any],
    labels: dict[str, dict[str, Any]],
    *,
    version: str = "0.4",
    listed: Any = None,
) -> dict[str, Any]:
    """Put label images below an image; ``listed`` is what the list says, if not all of them."""
    names = list(labels) if listed is None else listed
    files = picture | under("labels", ome_group({"labels": names}, version))
    for name, label in labels.items():
        files |= under(f"labels/{name}", label)
    return files


def label(
    axes: str = "zyx",
    levels: dict[str, tuple[Any, ...]] | None = None,
    *,
    version: str = "0.4",
    dtype: str = "uint16",
    **look: Any,
) -> dict[str, Any]:
    """Return a label image; ``look`` are the keys of ``image-label``."""
    extra = {"image-label": look} if look else {}
    return image(axes, levels or ZYX, version=version, dtype=dtype, **extra)


def by_path(dataset: Any) -> dict[str, Any]:
    return {found.path: found for found in dataset.images}


def scales(found: Any) -> list[list[float]]:
    return [list(level.scale) for level in found.levels]


def translates(found: Any) -> list[list[float]]:
    return [list(level.translate) for level in found.levels]


def split(layers: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return the image layers and the label layers."""
    from napari.layers import Labels

    drawn = [layer for layer in layers if isinstance(layer, Labels)]
    return [layer for layer in layers if layer not in drawn], drawn


def finest(layer: Any) -> np.ndarray:
    return np.asarray((layer.data[0] if layer.multiscale else layer.data)[...])
