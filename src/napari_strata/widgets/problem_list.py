"""Problems as text with a sign for how bad they are, and other text that wraps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from qtpy.QtCore import QSize, QSizeF, Qt
from qtpy.QtGui import QTextOption, QWheelEvent
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

MOST_SHOWN = 20
_ICONS = {
    "error": QStyle.StandardPixmap.SP_MessageBoxCritical,
    "warning": QStyle.StandardPixmap.SP_MessageBoxWarning,
    "info": QStyle.StandardPixmap.SP_MessageBoxInformation,
}


class WrappedText(QTextEdit):  # type: ignore[misc]
    """Text as high as it is long, which also breaks inside long paths; it can be selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("background: transparent; border: none; padding: 0px; margin: 0px;")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def text(self) -> str:
        """Give the text."""
        return str(self.toPlainText())

    def _fit(self, size: QSizeF) -> None:
        self.setFixedHeight(ceil(size.height()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave scrolling to the panel."""
        event.ignore()


class Sentence(QWidget):  # type: ignore[misc]
    """One sentence with a sign before it; its text can be selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._icon = QLabel()
        self.text = WrappedText()
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        self.hide()

    def say(self, message: str, severity: str = "error") -> None:
        """Show a sentence, or nothing if it is empty."""
        style = self.style()
        assert style is not None
        icon = style.standardIcon(_ICONS.get(severity, _ICONS["warning"]))
        self._icon.setPixmap(icon.pixmap(QSize(16, 16)))
        self._icon.setAccessibleName(severity)
        self.text.setPlainText(message)
        self.setVisible(bool(message))


class ProblemList(QWidget):  # type: ignore[misc]
    """The problems of a layer, as in its record, or of something else.

    Parameters
    ----------
    most : how many are shown.
    elsewhere : where all of them are.
    """

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        most: int = MOST_SHOWN,
        elsewhere: str = "in the layer's metadata",
    ) -> None:
        super().__init__(parent)
        self._most, self._elsewhere = most, elsewhere
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._shown: list[tuple[str, str, str]] = []

    def set_problems(self, problems: Iterable[Mapping[str, Any]]) -> None:
        """Show problems: ``severity``, ``where`` and ``message`` of each, the worst first."""
        rank = {"error": 0, "warning": 1}
        found = [(str(p["severity"]), str(p["where"]), str(p["message"])) for p in problems]
        found = sorted(dict.fromkeys(found), key=lambda p: rank.get(p[0], 2))
        if found == self._shown:
            return
        self._shown = found
        while (item := self._column.takeAt(0)) is not None:
            old = item.widget()
            old.hide()
            old.deleteLater()
        for severity, where, message in found[: self._most]:
            self._add(f"{where}: {message}" if where else message, severity)
        if found[self._most :]:
            more = len(found) - self._most
            self._add(f"And {more:,} more, {self._elsewhere}.", "info")

    def _add(self, message: str, severity: str) -> None:
        sentence = Sentence()
        self._column.addWidget(sentence)  # before it is shown: without a parent it is a window
        sentence.say(message, severity)


def quiet_text(text: str) -> QLabel:
    """Make a label that wraps and whose text can be selected."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)  # names and messages may hold anything
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
    return label
