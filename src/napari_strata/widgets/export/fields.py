"""Fields of the export's forms, narrow enough for a panel, each with its tip; headings."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtWidgets import QComboBox, QLineEdit, QSpinBox


def chooser(tip: str, texts: Sequence[str], *, editable: bool = False) -> QComboBox:
    """Make a list to choose from, as wide as the panel and not as its longest line."""
    found = QComboBox()
    found.addItems(list(texts))
    found.setEditable(editable)
    found.setToolTip(tip)
    found.setAccessibleName(tip)
    found.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    found.setMinimumContentsLength(8)
    return found


def line(tip: str, empty: str) -> QLineEdit:
    """Make a field for text that says what it means if it is empty."""
    found = QLineEdit()
    found.setToolTip(tip)
    found.setAccessibleName(tip)
    found.setPlaceholderText(empty)
    return found


def number(tip: str, lowest: int, highest: int, special: str = "") -> QSpinBox:
    """Make a field for a whole number; the lowest is shown as ``special``."""
    found = QSpinBox()
    found.setRange(lowest, highest)
    found.setSpecialValueText(special)
    found.setToolTip(tip)
    found.setAccessibleName(tip)
    return found
