"""Small things that several parts of the inspector need."""

from __future__ import annotations

import json
from typing import Any

from qtpy.QtGui import QFontDatabase, QGuiApplication
from qtpy.QtWidgets import QWidget

from napari_strata.widgets.problem_list import WrappedText


def fixed_width(widget: QWidget) -> None:
    """Let a widget's letters all be of one width."""
    family = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    # A style of its own: napari's style sheet would put its font in place of one that is set.
    widget.setStyleSheet(f"font-family: '{family}', monospace; background: transparent;")


def in_line(text: WrappedText) -> WrappedText:
    """Let text begin where that of napari's labels does."""
    text.setStyleSheet(f"{text.styleSheet()} margin-left: 5px;")
    return text


def to_clipboard(value: Any) -> None:
    """Copy text, or anything else as JSON."""
    text = value if isinstance(value, str) else json.dumps(value)
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
