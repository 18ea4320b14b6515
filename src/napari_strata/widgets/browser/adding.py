"""Adding layers to a viewer one after another, so that the window can be used in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from napari.layers import Layer
from qtpy.QtCore import QObject, QTimer, Signal

from napari_strata.layers.arrival import watch
from napari_strata.layers.first_position import show_first_position
from napari_strata.layers.run import run_in_background


class Adding(QObject):  # type: ignore[misc]
    """Adds layers in the order in which they are handed over."""

    changed = Signal()
    """There is nothing more to add, or there is something again."""

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._waiting: deque[Any] = deque()
        self._turn = QTimer(self)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._next)

    @property
    def is_busy(self) -> bool:
        """Whether layers are still to be added."""
        return bool(self._waiting)

    def add(self, layers: Sequence[Any]) -> None:
        """Hand over layers, or (data, arguments, type) tuples."""
        if not layers:
            return
        watch(self._viewer, run_in_background)
        if not self._waiting:
            show_first_position(self._viewer, layers)
        self._waiting.extend(layers)
        self._turn.start()
        self.changed.emit()

    def stop(self, *_: object) -> None:
        """Add no more of them."""
        self._waiting.clear()
        self._turn.stop()

    def _next(self) -> None:
        if not self._waiting:
            self._turn.stop()
            return
        each = self._waiting.popleft()
        if not self._waiting:
            self._turn.stop()
        try:
            self._viewer.add_layer(each if isinstance(each, Layer) else Layer.create(*each))
        finally:
            if not self._waiting:
                self.changed.emit()
