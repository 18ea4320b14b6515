"""Hearing from a viewer as long as a panel is there."""

from __future__ import annotations

import weakref
from typing import Any, Protocol

from napari.layers import Layer

_OF_LAYER = ("metadata", "name", "scale", "translate", "rotate", "shear", "affine", "units")


class Follower(Protocol):
    """A panel that follows the selected layer."""

    def follow(self) -> None:
        """Hear that another layer may be the selected one."""

    def forget(self, layer: Layer) -> None:
        """Hear that a layer was removed."""

    def refresh(self) -> None:
        """Hear that the layer that is watched has changed."""


class Following:
    """Hands events of a viewer and of one of its layers to a panel.

    It keeps no panel alive, and calls none that Qt has deleted while Python still knows it.
    """

    def __init__(self, panel: Follower, viewer: Any) -> None:
        self._panel = weakref.ref(panel)
        self._stopped = False
        self._layer: Layer | None = None
        viewer.layers.selection.events.active.connect(self._selected)
        viewer.layers.events.inserted.connect(self._selected)
        viewer.layers.events.removed.connect(self._removed)

    def stop(self) -> None:
        """Hand over nothing more."""
        self._stopped = True
        self.watch(None)

    def watch(self, layer: Layer | None) -> None:
        """Hear of changes of this layer, and of no other."""
        if self._layer is not None:
            for name in _OF_LAYER:
                getattr(self._layer.events, name).disconnect(self._changed)
        if layer is not None:
            for name in _OF_LAYER:
                getattr(layer.events, name).connect(self._changed)
        self._layer = layer

    def _there(self) -> Follower | None:
        return None if self._stopped else self._panel()

    def _selected(self, _event: Any) -> None:
        if (panel := self._there()) is not None:
            panel.follow()

    def _removed(self, event: Any) -> None:
        if (panel := self._there()) is not None:
            panel.forget(event.value)

    def _changed(self, _event: Any) -> None:
        if (panel := self._there()) is not None:
            panel.refresh()
