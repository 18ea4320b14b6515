"""Hearing from a viewer and its layers as long as a panel is there."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
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


class Watch:
    """Hears of changes of some layers, and of no others.

    Parameters
    ----------
    names : of the layers' events.
    changed : called with each of them.
    """

    def __init__(self, names: Sequence[str], changed: Callable[[Any], None]) -> None:
        self._names = names
        self._changed = changed
        self._layers: list[Layer] = []

    def of(self, layers: Iterable[Layer]) -> None:
        """Watch these; one that is watched already stays so, as connecting is slow."""
        wanted = list(layers)
        here, there = {id(x) for x in self._layers}, {id(x) for x in wanted}
        for layer in self._layers:
            if id(layer) not in there:
                for name in self._names:
                    getattr(layer.events, name).disconnect(self._hear)
        for layer in wanted:
            if id(layer) not in here:
                for name in self._names:
                    getattr(layer.events, name).connect(self._hear)
        self._layers = wanted

    def _hear(self, event: Any) -> None:
        self._changed(event)


class Following:
    """Hands events of a viewer and of one of its layers to a panel.

    It keeps no panel alive, and calls none that Qt has deleted while Python still knows it.
    """

    def __init__(self, panel: Follower, viewer: Any) -> None:
        self._panel = weakref.ref(panel)
        self._stopped = False
        self._watch = Watch(_OF_LAYER, self._changed)
        viewer.layers.selection.events.active.connect(self._selected)
        viewer.layers.events.inserted.connect(self._selected)
        viewer.layers.events.removed.connect(self._removed)

    def stop(self) -> None:
        """Hand over nothing more."""
        self._stopped = True
        self.watch(None)

    def watch(self, layer: Layer | None) -> None:
        """Hear of changes of this layer, and of no other."""
        self._watch.of([] if layer is None else [layer])

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
