"""Windows for tests of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from layer_cases import Pyramid, World
from layer_drawing import settle
from napari.settings import get_settings
from napari.utils.notifications import notification_manager

from napari_strata.layers.drawing.placed import place


@pytest.fixture(params=["sync", "async"])
def any_slicing(request: pytest.FixtureRequest, shared_viewer: Any) -> Iterator[str]:
    """Slice in both of napari's ways. A viewer follows the setting, and resets it when made."""
    get_settings().experimental.async_ = request.param == "async"
    assert shared_viewer._layer_slicer._force_sync is (request.param == "sync")
    yield request.param
    get_settings().experimental.async_ = False


@pytest.fixture
def notified() -> Callable[[], list[str]]:
    """Return what napari has notified the user of since the test began."""
    notification_manager.records.clear()
    return lambda: [record.message for record in notification_manager.records]


class Window:
    """One napari window; every layer shown replaces what was there."""

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer

    def show(
        self, pyramid: Pyramid, world: World, kind: str = "image", data: Any = None, **kwargs: Any
    ) -> tuple[Any, Any]:
        """Show an exact layer alone; returns (viewer, layer)."""
        viewer = self.viewer
        viewer.layers.clear()
        viewer.dims.ndisplay = 2
        viewer.dims.order = tuple(range(viewer.dims.ndim))
        if world.unit != 1.0:
            viewer.add_image(np.zeros((2, 2, 2)), units=["nm"] * 3, visible=False)
        if kind == "image":
            kwargs.setdefault("contrast_limits", (0, 1))
        layer = place(kind, data or pyramid.numbered(), pyramid.placement, **world.kwargs, **kwargs)
        viewer.add_layer(layer)
        settle(viewer)
        return viewer, layer


@pytest.fixture
def window(shared_viewer: Any) -> Window:
    return Window(shared_viewer)


@pytest.fixture
def small_window(window: Window) -> Window:
    """A window of few pixels, where many views are drawn and only their matrices matter."""
    return canvas_alone(window, 240)


@pytest.fixture
def square_window(window: Window) -> Window:
    """A window of as many pixels as are looked at one by one, and no more."""
    return canvas_alone(window, 590)


def canvas_alone(window: Window, side: int) -> Window:
    """Hide what is beside the canvas, and make the window a square of so many pixels."""
    window.viewer.window._qt_viewer.dockLayerControls.hide()
    window.viewer.window._qt_viewer.dockLayerList.hide()
    window.viewer.window.resize(side, side)
    settle(window.viewer)
    return window
