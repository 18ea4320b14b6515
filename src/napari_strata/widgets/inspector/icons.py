"""Signs in the colours of napari's theme."""

from __future__ import annotations

from functools import lru_cache

from napari.resources import get_colorized_svg, get_icon_path
from napari.utils.theme import get_theme
from qtpy.QtCore import QByteArray, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPixmap
from qtpy.QtSvg import QSvgRenderer

SIDE = 16
_SCALE = 2  # drawn finer, for screens of small pixels
NOTHING = QIcon()

#: For text on the background of a table, by the kind of theme: seen on it, and told apart.
_SHADES = {
    "dark": {"good": "#7bd88f", "fair": "#f2c14e", "bad": "#ff8a80"},
    "light": {"good": "#14692f", "fair": "#855600", "bad": "#b3261e"},
}


@lru_cache(maxsize=64)
def sign(name: str, theme: str, opacity: float = 1.0) -> QIcon:
    """Return one of napari's icons as the theme colours them."""
    colour = get_theme(theme).icon.as_hex()
    svg = get_colorized_svg(get_icon_path(name), colour, opacity)
    pixmap = _clear()
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    return QIcon(pixmap)


@lru_cache(maxsize=64)
def swatch(colour: str) -> QIcon:
    """Return a square of a colour."""
    pixmap = _clear()
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    side = SIDE * _SCALE
    painter.drawRoundedRect(side // 6, side // 6, side * 2 // 3, side * 2 // 3, 4, 4)
    painter.end()
    return QIcon(pixmap)


def shade(name: str, theme: str) -> QColor:
    """Return the colour of text that says ``good``, ``fair`` or ``bad``."""
    return QColor(_SHADES[get_theme(theme).type][name])


def _clear() -> QPixmap:
    pixmap = QPixmap(SIDE * _SCALE, SIDE * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap
