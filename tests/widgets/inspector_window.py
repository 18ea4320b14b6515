"""The inspector in a window, as tests use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Layer
from napari.layers._source import Source
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

import napari_strata as strata
from napari_strata import plugin
from napari_strata.widgets.inspector.level_table import DRAWN, LEVEL, LOCK
from napari_strata.widgets.inspector.panel import InspectorPanel

LONG = 30_000  # milliseconds


def add(viewer: Any, path: Path) -> list[Any]:
    """Open a dataset as the plugin does."""
    layers = [x if isinstance(x, Layer) else Layer.create(*x) for x in plugin.read(str(path))]
    return [viewer.add_layer(layer) for layer in layers]


def add_theirs(viewer: Any, path: Path, *, known: bool = True, **look: Any) -> Image:
    """Add an image as a reader does that hands levels to napari, and nothing else."""
    levels = [np.asarray(level.data) for level in strata.open(path).images[0].levels]
    layer = Image(levels, multiscale=True, contrast_limits=(0, 255), **look)
    if known:
        layer._source = Source(path=str(path))
    viewer.add_layer(layer)
    return layer


def at(layer: Layer, voxel: Any) -> list[float]:
    """Where a voxel of level 0 is in the world, without the noise of floats."""
    return [float(round(v, 9)) for v in layer.data_to_world(voxel)]


def rest(panel: InspectorPanel, qtbot: Any) -> None:
    """Wait until nothing is read or to be shown any more."""
    qtbot.waitUntil(lambda: not panel.background.awaited() and panel.is_settled, timeout=LONG)


def column(panel: InspectorPanel, head: str) -> list[str]:
    """Read a column of the table, level by level."""
    table = panel.levels.table
    heads = [table.horizontalHeaderItem(k).text() for k in range(table.columnCount())]
    index = heads.index(head)
    return [table.item(row, index).text() for row in range(table.rowCount())]


def drawn(panel: InspectorPanel) -> list[int]:
    """List the levels that the table marks as drawn."""
    table = panel.levels.table
    rows = range(table.rowCount())
    return [row for row in rows if not table.item(row, DRAWN).icon().isNull()]


def locked(panel: InspectorPanel) -> list[int]:
    """List the levels that the table marks as locked, as it is read to people who cannot see."""
    table, role = panel.levels.table, Qt.ItemDataRole.AccessibleTextRole
    rows = range(table.rowCount())
    return [row for row in rows if "locked" in table.item(row, LEVEL).data(role)]


def click(panel: InspectorPanel, level: int, column: int = LOCK) -> None:
    """Click a cell of the table."""
    QTest.mouseClick(*_place(panel, level, column))


def double_click(panel: InspectorPanel, level: int, column: int = LEVEL) -> None:
    """Click a cell twice, as a user does: a click comes first."""
    QTest.mouseClick(*_place(panel, level, column))
    QTest.mouseDClick(*_place(panel, level, column))


def _place(panel: InspectorPanel, level: int, column: int) -> tuple[Any, Any, Any, QPoint]:
    table = panel.levels.table
    rectangle = table.visualItemRect(table.item(level, column))
    none = Qt.KeyboardModifier.NoModifier
    return table.viewport(), Qt.MouseButton.LeftButton, none, rectangle.center()


def said(part: Any) -> str:
    """Read the sentence of a part, if it is shown."""
    return str(part.message.text.text()) if not part.message.isHidden() else ""


def choose(chooser: Any, index: int) -> None:
    """Choose as a user does."""
    chooser.setCurrentIndex(index)
    chooser.activated.emit(index)


def type_in(field: Any, text: str) -> None:
    """Type and press Enter."""
    field.setFocus()
    field.setText(text)
    QTest.keyClick(field, Qt.Key.Key_Return)
