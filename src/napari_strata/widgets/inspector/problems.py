"""The part of problems: what is wrong with the layer's metadata, and the metadata itself."""

from __future__ import annotations

from typing import Any

from napari.layers import Layer
from qtpy.QtWidgets import QHBoxLayout, QPushButton

from napari_strata.dataset import Choices
from napari_strata.dataset.documents import Document, documents
from napari_strata.layers.inspecting.inspection import Inspection
from napari_strata.layers.inspecting.problem_text import as_json, as_text
from napari_strata.layers.notes import KEY
from napari_strata.widgets.inspector.documents_window import DocumentsWindow
from napari_strata.widgets.inspector.fields import to_clipboard
from napari_strata.widgets.inspector.part import Desk, Part
from napari_strata.widgets.problem_list import ProblemList, quiet_text

_WORK = "documents"


class ProblemsPart(Part):
    """The problems of a layer, to be copied; the files they were found in."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.window_shown: DocumentsWindow | None = None
        self.none = quiet_text("Nothing is wrong with the metadata of this layer.")
        self.problems = ProblemList()
        self.text_button = QPushButton("Copy as text")
        self.json_button = QPushButton("Copy as JSON")
        self.files_button = QPushButton("Open the metadata")
        self.files_button.setToolTip("Show the files that the image was understood from")
        buttons = QHBoxLayout()
        buttons.addWidget(self.text_button)
        buttons.addWidget(self.json_button)
        self.column.addWidget(self.none)
        self.column.addWidget(self.problems)
        self.column.addLayout(buttons)
        self.column.addWidget(self.files_button)
        self.column.addWidget(self.message)
        self.text_button.clicked.connect(self._copy_text)
        self.json_button.clicked.connect(self._copy_json)
        self.files_button.clicked.connect(self.open_files)

    def fill(self, layer: Layer, found: Inspection) -> None:
        """Show the problems; metadata can be opened of images that were opened by us."""
        self.none.setVisible(not found.problems)
        self.problems.set_problems(found.problems)
        ours = "dataset" in layer.metadata.get(KEY, {}) and "image" in layer.metadata[KEY]
        self.files_button.setVisible(ours)
        self.none.setText(
            "Nothing is wrong with the metadata of this layer."
            if ours or found.format
            else "The layer was not opened by napari-strata, which knows no problems of it."
        )

    def _copy_text(self) -> None:
        if self.found is not None:
            to_clipboard(as_text(self.found))

    def _copy_json(self) -> None:
        if self.found is not None:
            to_clipboard(as_json(self.found))

    def open_files(self) -> None:
        """Read the metadata files beside the window, and show them."""
        layer = self.layer
        note: Any = {} if layer is None else layer.metadata.get(KEY, {})
        if layer is None or "dataset" not in note or "image" not in note:
            return
        path, image = str(note["dataset"]), str(note["image"])
        self.say("")
        name = layer.name

        def work() -> tuple[Document, ...]:
            found = documents(path, image, Choices.from_json(note.get("choices", {})))
            for each in found:
                _ = each.text  # is made here, where it holds nothing up
            return found

        def done(found: tuple[Document, ...]) -> None:
            self.window_shown = DocumentsWindow(name, path, found, self.window())
            self.window_shown.show()

        self.desk.run(_WORK, layer, work, done, lambda text: self.say_of(layer, text))
