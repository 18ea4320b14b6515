"""Hearing of what happens in a viewer while a layer is looked at; cheap, for it happens often."""

from __future__ import annotations

import weakref
from typing import Any, Protocol

from napari.layers import Layer

_CHANGES = ("axis_labels", "data", "locked_data_level")


class Onlooker(Protocol):
    """A panel that shows which level is drawn."""

    def refresh(self) -> None:
        """Hear that the layer that is watched has changed."""

    def redrawn(self) -> None:
        """Hear that another part of the layer, or another level, is drawn."""

    def moved_view(self) -> None:
        """Hear that the view of the viewer has moved."""

    def themed(self) -> None:
        """Hear that the window has other colours."""


class Watching:
    """Hands events to a panel; keeps no panel alive, and calls none that is no longer there."""

    def __init__(self, panel: Onlooker, viewer: Any) -> None:
        self._panel = weakref.ref(panel)
        self._stopped = False
        self._layer: Layer | None = None
        camera = getattr(viewer, "scene", viewer).camera  # napari 0.9 moved it
        for emitter in (camera.events.center, camera.events.zoom, camera.events.angles):
            emitter.connect(self._moved)
        for name in ("point", "ndisplay", "order"):
            getattr(viewer.dims.events, name).connect(self._moved)
        viewer.events.theme.connect(self._themed)

    def stop(self) -> None:
        """Hand over nothing more."""
        self._stopped = True
        self.watch(None)

    def watch(self, layer: Layer | None) -> None:
        """Hear of this layer, and of no other."""
        if layer is self._layer:
            return
        if self._layer is not None:
            for name in _of(self._layer):
                getattr(self._layer.events, name).disconnect(self._changed)
            self._layer.events.set_data.disconnect(self._redrawn)
        if layer is not None:
            for name in _of(layer):
                getattr(layer.events, name).connect(self._changed)
            layer.events.set_data.connect(self._redrawn)
        self._layer = layer

    def _there(self) -> Onlooker | None:
        return None if self._stopped else self._panel()

    def _changed(self, _event: Any) -> None:
        if (panel := self._there()) is not None:
            panel.refresh()

    def _redrawn(self, _event: Any) -> None:
        if (panel := self._there()) is not None:
            panel.redrawn()

    def _moved(self, _event: Any) -> None:
        if (panel := self._there()) is not None:
            panel.moved_view()

    def _themed(self, _event: Any) -> None:
        if (panel := self._there()) is not None:
            panel.themed()


def _of(layer: Layer) -> list[str]:
    return [name for name in _CHANGES if hasattr(layer.events, name)]
