"""What a napari window really draws: visuals' matrices and the canvas, not layers' transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Layer
from qtpy.QtWidgets import QApplication


def canvas(viewer: Any) -> Any:
    return viewer.window._qt_viewer.canvas


def camera(viewer: Any) -> Any:
    # napari 0.9 moved it and deprecated the old name.
    return viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera


def visual(viewer: Any, layer: Layer) -> Any:
    return canvas(viewer).layer_to_visual[layer]


def settle(viewer: Any) -> None:
    """Let napari choose levels and slice until drawing again asks for nothing else."""
    for _ in range(20):
        viewer._layer_slicer.wait_until_idle(timeout=30)
        QApplication.processEvents()  # what was sliced arrives, and is drawn
        before = shown(viewer)
        canvas(viewer).on_draw()
        if shown(viewer) == before and all(x.loaded for x in viewer.layers if x.visible):
            return
    raise AssertionError("napari goes on choosing levels")


def shown(viewer: Any) -> list[Any]:
    """Return the level and the part of it that each layer shows, or waits for."""
    return [
        (layer.loaded, getattr(layer, "data_level", 0), layer.corner_pixels.tolist())
        for layer in viewer.layers
    ]


def is_blank(viewer: Any, layer: Layer) -> bool:
    return not visual(viewer, layer).node.visible


def drawn_position(viewer: Any, layer: Layer, pixel: Any) -> np.ndarray:
    """Return where the centre of a texture's pixel is drawn: displayed axes, array order.

    A 2-D texture's pixel i covers i to i + 1, a volume's voxel i − 0.5 to i + 0.5 (vispy).
    """
    half = 0.5 if viewer.dims.ndisplay == 2 else 0.0
    point = [float(p) + half for p in pixel[::-1]]
    point += [0.0] * (3 - len(point)) + [1.0]
    mapped = np.array(point) @ visual(viewer, layer).node.transform.matrix
    return (mapped[: len(pixel)] / mapped[3])[::-1]


def drawn_pixel(viewer: Any, layer: Layer, position: Any) -> tuple[int, ...]:
    """Return which pixel of the texture covers a world position of the two displayed axes."""
    point = np.array([*position[::-1], 0.0, 1.0])
    mapped = point @ np.linalg.inv(visual(viewer, layer).node.transform.matrix)
    return tuple(int(np.floor(v)) for v in mapped[:2][::-1])


def texture(viewer: Any, layer: Layer) -> np.ndarray:
    """Return the array that was handed to the graphics card."""
    return visual(viewer, layer)._data


def bright_box(viewer: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return centre and size (rows, columns) of what is bright on the canvas, in pixels.

    The centre is relative to the canvas' centre.
    """
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].max(axis=-1)
    rows, columns = np.nonzero(picture > 128)
    assert len(rows), "nothing bright on the canvas"
    low = np.array([rows.min(), columns.min()])
    high = np.array([rows.max(), columns.max()]) + 1
    return (low + high) / 2 - np.array(picture.shape) / 2, high - low
