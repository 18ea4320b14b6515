"""What the parts of the inspector have in common: one layer, work beside the window, a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from napari.layers import Layer
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QMessageBox, QVBoxLayout, QWidget

from napari_strata.layers.inspecting.inspection import Inspection
from napari_strata.widgets.background import Background
from napari_strata.widgets.problem_list import Sentence

T = TypeVar("T")


class Desk(QObject):  # type: ignore[misc]
    """What all parts share.

    Attributes
    ----------
    viewer : not a proxy of one.
    background : subjects are tuples of a word and a layer.
    """

    awaiting = Signal()
    """Something was started, or has come to an end."""

    def __init__(self, viewer: Any, background: Background, window: QWidget) -> None:
        super().__init__(window)
        self.viewer = viewer
        self.background = background
        self._window = window

    def ask(self, question: str) -> bool:
        """Ask the user; runs the window meanwhile."""
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        return bool(QMessageBox.question(self._window, "Inspector", question, yes | no, no) == yes)

    def run(
        self,
        what: str,
        layer: Layer,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[str], None],
    ) -> None:
        """Work in a thread for a layer; what comes of it is dropped if the layer is removed."""

        def finish(outcome: T) -> None:
            try:
                done(outcome)
            finally:
                self.awaiting.emit()

        def fail(message: str) -> None:
            failed(message)
            self.awaiting.emit()

        self.background.run((what, layer), work, finish, fail)
        self.awaiting.emit()

    def awaits(self, what: str, layer: Layer | None) -> bool:
        """Tell whether work of a name is awaited for a layer."""
        return self.background.busy((what, layer))

    def forget(self, layer: Layer) -> None:
        """Await nothing more for a layer."""
        for subject in self.background.awaited():
            if isinstance(subject, tuple) and subject[1] is layer:
                self.background.forget(subject)
        self.awaiting.emit()


class Part(QWidget):  # type: ignore[misc]
    """A part of the inspector: shows one layer, and does things with it."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.layer: Layer | None = None
        self.found: Inspection | None = None
        self.message = Sentence()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)

    def show_layer(self, layer: Layer, found: Inspection) -> None:
        """Show a layer as it is now; it may be the one that is shown already."""
        if layer is not self.layer:
            self.say("")
        self.layer, self.found = layer, found
        self.fill(layer, found)

    def fill(self, layer: Layer, found: Inspection) -> None:
        """Show what is found of a layer."""
        raise NotImplementedError

    def forget(self, layer: Layer) -> None:
        """Let go of a layer that was removed."""
        if layer is self.layer:
            self.layer = self.found = None

    def say(self, message: str, severity: str = "error") -> None:
        """Show a sentence, or take it away if it is empty."""
        self.message.say(message, severity)

    def say_of(self, layer: Layer, message: str, severity: str = "error") -> None:
        """Show a sentence about a layer, if it is still the one that is shown."""
        if layer is self.layer:
            self.say(message, severity)


def sentence(error: ValueError) -> str:
    """Give what an error says as a sentence; names and paths at its beginning stay."""
    text = str(error).rstrip(".")
    begins = text.startswith(("the ", "axis ", "level ", "each ", "nothing "))
    return f"{text[:1].upper() if begins else text[:1]}{text[1:]}."
