"""A part of a panel that is unfolded by its heading."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QWidget
from superqt import QCollapsible

from napari_strata.widgets.inspector import icons

_NO_LIMIT = 2**24 - 1  # QWIDGETSIZE_MAX


class Section(QCollapsible):  # type: ignore[misc]
    """Folds a widget away; unfolded it is as high as the widget wants to be, also when it grows.

    superqt's own limits the height to what was wanted when it was unfolded.
    """

    def __init__(self, title: str, widget: QWidget) -> None:
        super().__init__(title)
        self._theme = ""
        self.setDuration(0)
        self.addWidget(widget)
        for layout in (self.layout(), self.content().layout()):
            layout.setContentsMargins(0, 0, 0, 0)
        self.layout().setSpacing(0)
        self.content().layout().setContentsMargins(4, 4, 0, 8)
        # A heading, not a button that is switched on, as napari's style would have it.
        self.toggleButton().setStyleSheet(
            "QPushButton, QPushButton:checked {background: transparent; border: none; "
            "text-align: left; font-weight: bold; padding: 3px 0px;}"
        )
        self.toggled.connect(self._unfolded)

    def set_theme(self, theme: str) -> None:
        """Draw the arrow in the colours of a theme."""
        if theme != self._theme:
            self._theme = theme
            self.setExpandedIcon(icons.sign("chevron_down", theme))
            self.setCollapsedIcon(icons.sign("right_arrow", theme))

    def _unfolded(self, is_open: bool) -> None:
        if is_open:
            self.content().setMaximumHeight(_NO_LIMIT)

    def eventFilter(self, _watched: QObject, _event: QEvent) -> bool:
        """Leave the height alone."""
        return False
