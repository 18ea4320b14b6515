"""Writing a layer's place back to the metadata it was opened from, after a look at the change."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from napari.layers import Layer

from napari_strata.export.metadata.backup import SUFFIX
from napari_strata.export.metadata.change import MetadataChange
from napari_strata.export.metadata.files import local_container
from napari_strata.export.metadata.layer import edit_metadata_of_layer
from napari_strata.layers.changing.reopen import can_read_again
from napari_strata.layers.live_world import live_world, set_world
from napari_strata.layers.notes import KEY
from napari_strata.layers.record import EDITED_UNITS
from napari_strata.widgets.inspector import again
from napari_strata.widgets.inspector.diff_window import DiffWindow

if TYPE_CHECKING:
    from napari_strata.widgets.inspector.edit import EditPart

T = TypeVar("T")
_LOOK, _PLAN, _WRITE = "writable", "plan", "write"


class WriteBack:
    """Plans the change, shows it, writes it if that is agreed to, and opens the layers again."""

    def __init__(self, part: EditPart) -> None:
        self._part = part
        self._known: dict[str, str] = {}
        self.window: DiffWindow | None = None

    def look(self, layer: Layer) -> None:
        """Offer to write where the layer's files can be written; this is looked up in a thread."""
        button = self._part.write_button
        if not can_read_again(layer):
            self._offer("Only a layer that still shows what napari-strata opened has a file.")
            return
        if self.is_running(layer):
            button.setEnabled(False)
            return
        path = str(layer.metadata[KEY]["dataset"])
        if path in self._known:
            self._offer(self._known[path])
            return
        button.setEnabled(False)
        if self._part.desk.awaits(_LOOK, layer):
            return

        def done(reason: str) -> None:
            self._known[path] = reason
            if layer is self._part.layer:
                self._offer(reason)

        self._part.desk.run(_LOOK, layer, lambda: _reason(path), done, done)

    def is_running(self, layer: Layer) -> bool:
        """Tell whether what is to be written of a layer is worked out, or is written."""
        return any(self._part.desk.awaits(what, layer) for what in (_PLAN, _WRITE))

    def _run(
        self, what: str, layer: Layer, work: Callable[[], T], done: Callable[[T], None]
    ) -> None:
        """Work beside the window; the layer's place cannot be edited meanwhile."""

        def ended(outcome: T) -> None:
            try:
                done(outcome)
            finally:
                self._refresh(layer)

        def failed(message: str) -> None:
            self._refresh(layer)
            self._part.say_of(layer, message)

        self._part.desk.run(what, layer, work, ended, failed)
        self._refresh(layer)

    def _refresh(self, layer: Layer) -> None:
        if layer is self._part.layer:
            self._part.show_running(layer)
            self.look(layer)

    def _offer(self, reason: str) -> None:
        self._part.write_button.setEnabled(not reason)
        self._part.write_button.setToolTip(
            reason or "Show what would change in the metadata files; nothing is written yet"
        )

    def plan(self) -> None:
        """Work out what would change, beside the window, and show it."""
        if self._part.layer is not None:
            self._plan(self._part.layer)

    def _plan(self, layer: Layer) -> None:
        self._part.say("")
        place = _place(layer)

        def done(change: MetadataChange) -> None:
            if layer is not self._part.layer:
                return
            if _place(layer) != place:  # it was moved meanwhile, by a mouse or a program
                self._plan(layer)
                return
            self._show(layer, change, place)

        self._run(_PLAN, layer, lambda: edit_metadata_of_layer(layer), done)

    def _show(self, layer: Layer, change: MetadataChange, place: Any) -> None:
        if not change:
            self._part.say("The files say already what the layer shows.", "info")
            return
        beside = change.root.parent / f"{change.root.name}{SUFFIX}"
        self.window = DiffWindow(layer.name, change, beside, self._part.window())
        self.window.agreed.connect(lambda: self._agreed(layer, change, place))
        self.window.open()

    def _agreed(self, layer: Layer, change: MetadataChange, place: Any) -> None:
        """Write what was agreed to, if it still is where the layer is."""
        if _place(layer) == place:
            self._write(layer, change)
        else:
            self._plan(layer)

    def _write(self, layer: Layer, change: MetadataChange) -> None:
        written = live_world(layer)
        layers = again.of_same_image(self._part.desk.viewer, layer)

        def work() -> tuple[Path | None, again.Again]:
            backup = change.write()
            try:
                return backup, again.read_all(layers)
            except ValueError as error:
                return backup, again.Again((), (str(error),))

        def done(outcome: tuple[Path | None, again.Again]) -> None:
            backup, read = outcome
            now = live_world(layer)
            if np.array_equal(now, written):
                said = again.apply_all(self._part.desk.viewer, read)
            else:  # moved while it was written: that move alone is on top of what is declared now
                set_world(layer, written)
                said = again.apply_all(self._part.desk.viewer, read)
                set_world(layer, now)
            more = "".join(f" {message}." for message in said)
            self._part.say_of(layer, f"Written. The files as they were: {backup}.{more}", "info")

        self._run(_WRITE, layer, work, done)


def _place(layer: Layer) -> tuple[object, ...]:
    """Give all of a layer that is written back, to be compared."""
    units = tuple(str(unit) for unit in layer.units)
    chosen = layer.metadata.get(KEY, {}).get(EDITED_UNITS)
    return live_world(layer).tolist(), units, tuple(layer.axis_labels), chosen


def _reason(path: str) -> str:
    """Say why metadata there cannot be written; empty if it can."""
    root: Any = local_container(path).tree.root
    writable = os.access(root, os.W_OK) and os.access(os.path.dirname(root) or ".", os.W_OK)
    return "" if writable else f"{root}: may not be written by you, or nothing beside it."
