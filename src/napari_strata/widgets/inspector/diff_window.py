"""A window that shows what would change in metadata files, and asks whether to write it."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from napari_strata.export.metadata.change import MetadataChange
from napari_strata.widgets.inspector.fields import fixed_width
from napari_strata.widgets.problem_list import ProblemList, quiet_text


class DiffWindow(QDialog):  # type: ignore[misc]
    """The change as a unified diff, what to know about it, and where the backup goes."""

    agreed = Signal()

    def __init__(
        self, name: str, change: MetadataChange, backup: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Write back the place of {name}")
        count = len(change.files)
        self.about = quiet_text(
            f"{count} metadata {'file changes' if count == 1 else 'files change'} in "
            f"{change.root}; no pixels do. The files as they are now are kept in {backup}."
        )
        self.text = QPlainTextEdit(change.diff())
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        fixed_width(self.text)
        self._colours = _Colours(self.text.document())
        self.notes = ProblemList()
        self.notes.set_problems(
            {"severity": p.severity, "where": p.where, "message": p.message} for p in change.notes
        )
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.write_button = self.buttons.addButton("Write", QDialogButtonBox.ButtonRole.AcceptRole)
        column = QVBoxLayout(self)
        for widget in (self.about, self.text, self.notes, self.buttons):
            column.addWidget(widget)
        column.setStretchFactor(self.text, 1)
        self.buttons.accepted.connect(self._agree)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setDefault(True)
        self.resize(720, 520)

    def _agree(self) -> None:
        self.agreed.emit()
        self.accept()


class _Colours(QSyntaxHighlighter):  # type: ignore[misc]
    """Lines that go and lines that come."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._of = {start: QTextCharFormat() for start in ("+", "-", "@")}
        # Seen on napari's dark and light text fields.
        for start, colour in (("+", "#2e9e4f"), ("-", "#d9534f"), ("@", "#4a90d9")):
            self._of[start].setForeground(QColor(colour))

    def highlightBlock(self, text: str) -> None:
        """Colour a line by its first letter."""
        found = self._of.get(text[:1])
        if found is not None:
            self.setFormat(0, len(text), found)
