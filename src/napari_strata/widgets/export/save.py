"""File > Save Selected Layers with images or labels among them: at once, or in the background.

napari calls this in the window's thread. It is one function for any number of layers.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_strata.export import export
from napari_strata.export.annotations_beside import check_has_images
from napari_strata.export.formats import ANNOTATIONS
from napari_strata.export.images import as_images
from napari_strata.export.napari_writer import told_by_napari
from napari_strata.export.planning.layer_image import LayerImage
from napari_strata.export.planning.origins import array_folders
from napari_strata.export.safety.stage_folder import LeftoverError
from napari_strata.layers.annotations.annotation import copy_of
from napari_strata.model import Problem
from napari_strata.widgets.export.planning import Wish, preview, with_suffix

MOST_AT_ONCE = 256 * 2**20
"""Bytes of the finest levels up to which napari waits until all is written."""

_FORMAT = "ome-zarr"

LayerData = tuple[Any, dict[str, Any], str]


def save_layers(path: str, layer_data: Sequence[LayerData]) -> list[str]:
    """Write layers as one OME-Zarr, annotations beside it; napari's writer for several layers.

    More than `MOST_AT_ONCE`, and what is computed or read from the web, is written in the
    background where there is a window: its export panel then shows how far it is.

    Raises
    ------
    OSError
        If it cannot be written; what is at the path is as before.
    """
    with told_by_napari():
        return _save(path, layer_data)


def _save(path: str, layer_data: Sequence[LayerData]) -> list[str]:
    target = with_suffix(path, _FORMAT)
    viewer = _viewer_with_window()
    layers = [_live(viewer, *one) or _made(*one) for one in layer_data]
    check_has_images(layers, target)
    annotations = tuple(one for one in layers if getattr(one, "_type_string", "") in ANNOTATIONS)
    pictures = tuple(one for one in layers if one not in annotations)
    images = as_images(pictures)
    if viewer is not None and _takes_long(images):
        copies = tuple(copy_of(layer) for layer in annotations)
        wish = Wish(images, pictures, target, _FORMAT, annotations=copies)
        _hand_over(viewer, wish.without_painting())
        return [target]
    written = export((*pictures, *annotations), target, format=_FORMAT)
    _say_lost(written.problems)
    return [str(written.path)]


def _viewer_with_window() -> Any:
    """Return the viewer whose window waits for this; None where nobody does."""
    from napari import current_viewer

    if threading.current_thread() is not threading.main_thread():
        return None
    return current_viewer()


def _live(viewer: Any, data: Any, meta: dict[str, Any], kind: str) -> Any:
    """Return the layer of the viewer that a layer data tuple was made of; None if it has none."""
    for layer in () if viewer is None else viewer.layers:
        if layer.name == meta.get("name") and layer._type_string == kind and layer.data is data:
            return layer
    return None


def _made(data: Any, meta: dict[str, Any], kind: str) -> Any:
    """Return what a layer data tuple says whose layer is not at hand; reads no pixels."""
    from napari.layers import Layer

    if kind in ANNOTATIONS:
        return Layer.create(data, meta, kind)
    # A layer that is visible reads what it shows.
    (image,) = as_images(Layer.create(data, {**meta, "visible": False}, kind))
    visible = bool(meta.get("visible", True))
    channels = tuple(replace(one, visible=visible) for one in image.display.channels)
    return replace(image, display=replace(image.display, channels=channels))


def _takes_long(images: Sequence[LayerImage]) -> bool:
    size = sum(math.prod(i.shape) * int(i.levels[0].pixels.dtype.itemsize) for i in images)
    return size > MOST_AT_ONCE or not all(map(_is_at_hand, images))


def _is_at_hand(image: LayerImage) -> bool:
    """Tell whether its pixels are in memory, or stored on this computer."""
    if image.is_stored:
        return bool(array_folders([image]))
    return isinstance(image.levels[0].pixels, np.ndarray)


def _hand_over(viewer: Any, wish: Wish) -> None:
    from napari.utils.notifications import show_info

    from napari_strata.widgets.export.jobs import exports_of
    from napari_strata.widgets.export.panel import open_panel

    found, target = preview(wish), wish.path
    if found.exists:
        raise FileExistsError(
            f"{target} is there already; the panel Export (Strata) replaces it, if you agree"
        )
    if found.leftover is not None:
        raise LeftoverError(
            f"an export to {target} was broken off; the panel Export (Strata) resumes it, or "
            "starts again"
        )
    exports_of(viewer).start(found)
    open_panel(viewer)
    show_info(
        f"{target} is being written in the background: it is complete when the panel "
        "Export (Strata) says so."
    )


def _say_lost(problems: Sequence[Problem]) -> None:
    """Say what is not in what was written."""
    from napari.utils.notifications import show_info

    told = [str(problem) for problem in problems if problem.severity != "info"]
    if told:
        show_info("Saved, but: " + "; ".join(told))
