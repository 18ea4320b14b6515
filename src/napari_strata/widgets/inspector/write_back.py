"""Writing a layer's place back to the metadata it was opened from, after a look at the change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Layer

from napari_strata.export.metadata.backup import SUFFIX
from napari_strata.export.metadata.change import MetadataChange
from napari_strata.export.metadata.files import local_container
from napari_strata.export.metadata.layer import edit_metadata_of_layer
from napari_strata.layers.changing.reopen import can_read_again
from napari_strata.layers.notes import KEY
from napari_strata.widgets.inspector import again
from napari_strata.widgets.inspector.diff_window import DiffWindow

if TYPE_CHECKING:
    from napari_strata.widgets.inspector.edit import EditPart

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

    def _offer(self, reason: str) -> None:
        self._part.write_button.setEnabled(not reason)
        self._part.write_button.setToolTip(
            reason or "Show what would change in the metadata files; nothing is written yet"
        )

    def plan(self) -> None:
        """Work out what would change, beside the window, and show it."""
        layer = self._part.layer
        if layer is None:
            return
        self._part.say("")

        def done(change: MetadataChange) -> None:
            if layer is self._part.layer:
                self._show(layer, change)

        def failed(message: str) -> None:
            self._part.say_of(layer, message)

        self._part.desk.run(_PLAN, layer, lambda: edit_metadata_of_layer(layer), done, failed)

    def _show(self, layer: Layer, change: MetadataChange) -> None:
        if not change:
            self._part.say("The files say already what the layer shows.", "info")
            return
        beside = change.root.parent / f"{change.root.name}{SUFFIX}"
        self.window = DiffWindow(layer.name, change, beside, self._part.window())
        self.window.agreed.connect(lambda: self._write(layer, change))
        self.window.open()

    def _write(self, layer: Layer, change: MetadataChange) -> None:
        layers = again.of_same_image(self._part.desk.viewer, layer)

        def work() -> tuple[Path | None, again.Again]:
            backup = change.write()
            try:
                return backup, again.read_all(layers)
            except ValueError as error:
                return backup, again.Again((), (str(error),))

        def done(outcome: tuple[Path | None, again.Again]) -> None:
            backup, read = outcome
            said = again.apply_all(self._part.desk.viewer, read)
            more = "".join(f" {message}." for message in said)
            self._part.say_of(layer, f"Written. The files as they were: {backup}.{more}", "info")

        def failed(message: str) -> None:
            self._part.say_of(layer, message)

        self._part.desk.run(_WRITE, layer, work, done, failed)


def _reason(path: str) -> str:
    """Say why metadata there cannot be written; empty if it can."""
    root: Any = local_container(path).tree.root
    writable = os.access(root, os.W_OK) and os.access(os.path.dirname(root) or ".", os.W_OK)
    return "" if writable else f"{root}: may not be written by you, or nothing beside it."
