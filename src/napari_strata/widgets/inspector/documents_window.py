"""A window that shows metadata files, one at a time, with a search."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtGui import QTextCursor
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_strata.dataset.documents import Document
from napari_strata.widgets.inspector import figures
from napari_strata.widgets.inspector.fields import fixed_width, to_clipboard

_MOST_SHOWN = 200_000  # characters


class DocumentsWindow(QDialog):  # type: ignore[misc]
    """Shows files as they were read, indented; they cannot be changed here."""

    def __init__(
        self, name: str, path: str, documents: Sequence[Document], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Metadata of {name}")
        self.documents = tuple(documents)
        self.file = QComboBox()
        self.file.setToolTip(f"The metadata files, relative to {path}")
        self.file.addItems([f"{d.path}  ({figures.size(len(d.bytes))})" for d in self.documents])
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Copy the text of this file")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search in all files, then Enter")
        self.search.setClearButtonEnabled(True)
        self.count = QLabel("")
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        fixed_width(self.text)
        self._lay_out()
        self.file.currentIndexChanged.connect(self._show_file)
        self.copy_button.clicked.connect(self._copy)
        self.search.returnPressed.connect(self.find_next)
        self.search.textChanged.connect(self._count)
        self._show_file()
        self.resize(760, 620)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.file, 1)
        top.addWidget(self.copy_button)
        below = QHBoxLayout()
        below.addWidget(self.search, 1)
        below.addWidget(self.count)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addLayout(below)
        column.addWidget(self.text, 1)
        self.copy_button.setAutoDefault(False)  # Enter searches

    @property
    def document(self) -> Document | None:
        """The file that is shown."""
        index = self.file.currentIndex()
        return self.documents[index] if index >= 0 else None

    def _show_file(self, _index: int = 0) -> None:
        shown = self.document
        text = "" if shown is None else shown.text
        if len(text) > _MOST_SHOWN:  # more than a window lays out without a pause
            more = len(text) - _MOST_SHOWN
            text = f"{text[:_MOST_SHOWN]}\n… and {more:,} characters more, which Copy copies"
        self.text.setPlainText(text)

    def _copy(self) -> None:
        if self.document is not None:
            to_clipboard(self.document.text)

    def _count(self, text: str) -> None:
        wanted = text.lower()
        hits = sum(d.text.lower().count(wanted) for d in self.documents) if wanted else 0
        self.count.setText(f"{hits:,} found" if wanted else "")

    def find_next(self) -> None:
        """Go to the next place of what is searched; after the last one of a file, to the next."""
        wanted = self.search.text()
        if not wanted or self.text.find(wanted):
            return
        count = len(self.documents)
        for step in range(1, count + 1):
            index = (self.file.currentIndex() + step) % count
            if wanted.lower() in self.documents[index].text.lower():
                self.file.setCurrentIndex(index)
                self.text.moveCursor(QTextCursor.MoveOperation.Start)
                self.text.find(wanted)
                return
