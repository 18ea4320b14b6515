"""The field for the id of a segment whose mesh is to be opened."""

from __future__ import annotations

from qtpy.QtCore import QRegularExpression, Signal
from qtpy.QtGui import QRegularExpressionValidator
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

_DIGITS = QRegularExpression("[0-9]{1,20}")
_LARGEST_ID = 2**64 - 1


class SegmentField(QWidget):  # type: ignore[misc]
    """Asks for a segment by its id: a folder may hold more of them than can be listed."""

    asked = Signal(object)
    """An id, which Qt's integers are too small for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Segment id")
        self.field.setToolTip("The id of a segment, also of one that is not listed")
        self.field.setValidator(QRegularExpressionValidator(_DIGITS, self.field))
        self.button = QPushButton("Open segment")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.field, 1)
        row.addWidget(self.button)
        self.field.returnPressed.connect(self._ask)
        self.field.textChanged.connect(self._check)
        self.button.clicked.connect(self._ask)
        self._check()

    @property
    def segment(self) -> int | None:
        """The id, if it can be one; 0 is the background."""
        text = self.field.text()
        return int(text) if text and 0 < int(text) <= _LARGEST_ID else None

    def _check(self, *_: object) -> None:
        self.button.setEnabled(self.segment is not None)

    def _ask(self) -> None:
        if self.segment is not None:
            self.asked.emit(self.segment)
