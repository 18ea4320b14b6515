"""Telling the user, once, that a chunk could not be read."""

from __future__ import annotations

import weakref
from typing import Any

from napari.utils.notifications import show_error

from napari_strata.layers.notes import KEY, add_problem
from napari_strata.model import Problem


class ChunkReport:
    """Hears of chunks that fail; notifies once and notes it with the layer's problems."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._layer: Any = lambda: None
        self._told: list[str] = []

    def attach(self, layer: Any) -> None:
        """Name the layer whose problems are to say it."""
        self._layer = weakref.ref(layer)
        for message in self._told:
            self._note(message)

    def __call__(self, error: Exception) -> None:
        """Tell of an error; called by the level that met it, at most once a level."""
        first = not self._told
        self._told.append(str(error))
        self._note(str(error))
        if first:
            show_error(f"{self._name}: {error} The place is shown empty.")

    def _note(self, message: str) -> None:
        layer = self._layer()
        if layer is None:
            return
        where = str(layer.metadata.get(KEY, {}).get("image", ""))
        add_problem(layer, Problem("chunk-unreadable", "error", where, message))
