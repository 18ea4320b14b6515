"""Icons of entries: napari's own for layers, and a folder, in the colour of its theme."""

from __future__ import annotations

from functools import lru_cache

from napari.resources import get_icon_path
from napari.utils.theme import get_theme
from qtpy.QtCore import QByteArray, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtSvg import QSvgRenderer

from napari_strata.dataset.entry import Entry

_FOLDER = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
    b'<path d="M8 22q0-6 6-6h24l11 11h37q6 0 6 6v45q0 6-6 6h-72q-6 0-6-6z"/></svg>'
)
_NAMES = {
    "image": "new_image",
    "array": "new_image",
    "field": "new_image",
    "series": "new_image",
    "labels": "new_labels",
    "points": "new_points",
    "lines": "new_vectors",
    "graph": "new_tracks",
    "mesh": "new_surface",
    "segments": "new_surface",
    "segment": "new_surface",
    "plate": "canvas-grid-view",
}
_SIZE = 16
_SHARPEST = 4  # pixels of a screen for one of the window's


def icon_of(entry: Entry, theme: str) -> QIcon:
    """Give the sign of what an entry is, or that something is wrong with it."""
    if any(problem.severity == "error" for problem in entry.problems):
        return _icon("error", theme, "error")
    name = _NAMES.get(entry.kind)
    if name is None and entry.image is not None:
        name = _NAMES[entry.image.kind]
    if name is None and entry.geometry is not None:
        name = _NAMES[entry.geometry.kind]
    return _icon(name or "", theme, "icon")


@lru_cache(maxsize=128)
def _icon(name: str, theme: str, colour: str) -> QIcon:
    svg = QSvgRenderer(QByteArray(_FOLDER)) if not name else QSvgRenderer(get_icon_path(name))
    pixmap = QPixmap(QSize(_SIZE, _SIZE) * _SHARPEST)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    svg.render(painter)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(pixmap.rect(), QColor(getattr(get_theme(theme), colour).as_hex()))
    painter.end()
    return QIcon(pixmap)
