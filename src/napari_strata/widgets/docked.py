"""What all panels in the dock share: a column that scrolls, a thin busy bar, and one of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QFrame, QLabel, QProgressBar, QScrollArea, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_strata.widgets.background import Background

if TYPE_CHECKING:
    from napari.viewer import Viewer

WIDTH = 320


class DockedPanel(QWidget):  # type: ignore[misc]
    """A panel beside a viewer's canvas, 320 pixels wide and usable at 280.

    Attributes
    ----------
    dock_name : of the dock widget, as napari makes it of the names in napari.yaml.
    viewer : without the proxy that napari hands to plugins: what is got from it is wrapped too.
    busy : shown while something is read; it keeps its place.
    background : runs slow work; stopped with the panel.
    """

    dock_name: ClassVar[str]
    preferred_height: ClassVar[int] = 480

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewer: Any = bare(napari_viewer)
        self.background = Background()
        self.busy = _busy_bar()
        self.setMinimumWidth(WIDTH - 40)
        self.destroyed.connect(self.background.stop)

    def lay_out(self, *widgets: QWidget) -> None:
        """Put widgets below each other, in a column that scrolls up and down only."""
        content = QWidget()
        column = QVBoxLayout(content)
        for widget in widgets:
            column.addWidget(widget)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.busy)
        whole.addWidget(scroll)

    def sizeHint(self) -> QSize:
        """Be as wide as all panels."""
        return QSize(WIDTH, self.preferred_height)

    @classmethod
    def open_in(cls, viewer: Viewer) -> Self:
        """Open the panel in a viewer's window, or raise the one that is there."""
        window = bare(viewer).window
        there = window._qt_window.findChildren(cls)
        panel: Self = there[0] if there else cls(viewer)
        if not there:
            window.add_dock_widget(panel, name=cls.dock_name, area="right")
        dock = panel.parent()
        dock.show()
        dock.raise_()
        return panel


def bare(viewer: Viewer) -> Any:
    """Take off the proxy napari may hand a viewer over in."""
    return getattr(viewer, "__wrapped__", viewer)


def heading(text: str) -> QLabel:
    """Make a heading."""
    label = QLabel(text)
    _embolden(label)
    return label


def title() -> QElidingLabel:
    """Make a heading for a name, which may be long: its middle is left out."""
    label = QElidingLabel()
    label.setElideMode(Qt.TextElideMode.ElideMiddle)
    _embolden(label)
    return label


def rule() -> QFrame:
    """Make a line between two parts."""
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    return line


def _embolden(label: QLabel) -> None:
    font = label.font()
    font.setBold(True)
    label.setFont(font)


def _busy_bar() -> QProgressBar:
    bar = QProgressBar()
    bar.setRange(0, 0)
    bar.setTextVisible(False)
    bar.setFixedHeight(4)
    policy = bar.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    bar.setSizePolicy(policy)
    bar.hide()
    return bar
