"""The tree on the screen: what comes into sight is looked at, and lists go on at their ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qtpy.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from qtpy.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from napari_strata.widgets.browser.entry_model import EntryModel
from napari_strata.widgets.browser.row import Row

HINT = (
    "Type, paste or drop the path or address of a folder: what is in it is listed here, and "
    "opened in parts."
)
_CURRENT = QItemSelectionModel.SelectionFlag.NoUpdate
_SELECT = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_AT_ONCE = 8  # rows that are looked at
_PAUSE = 30  # milliseconds; what is scrolled past is not looked at
_WIDTHS = (176, 108, 132, 62, 150, 170)
_HEIGHT = 240


class EntryTree(QTreeView):  # type: ignore[misc]
    """A view of an `EntryModel`."""

    opened = Signal()
    """What is selected is to be opened: a double click on it, or Return."""
    settled = Signal()
    """Nothing that is in sight is being looked at any more."""

    def __init__(self, model: EntryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setModel(model)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)
        self.setAllColumnsShowFocus(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIndentation(14)
        self.setIconSize(QSize(16, 16))
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(120)
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        for column, width in enumerate(_WIDTHS):
            header.resizeSection(column, width)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self._look_around)
        self._connect()

    def _connect(self) -> None:
        self.expanded.connect(self._expanded)
        self.collapsed.connect(self._collapsed)
        self.doubleClicked.connect(self._double_clicked)
        self.verticalScrollBar().valueChanged.connect(self.look_around)
        self._model.looked.connect(self.look_around)
        self._model.modelReset.connect(self._restore)

    def sizeHint(self) -> QSize:
        """Be as wide as the panel lets it be."""
        return QSize(_WIDTHS[0], _HEIGHT)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be looked at in what is in sight."""
        return not self._pause.isActive()

    def selected_rows(self) -> list[Row]:
        """Give the selected rows from top to bottom."""
        indices = (
            self._model.index(number, 0, span.parent())
            for span in self.selectionModel().selection()
            for number in range(span.top(), span.bottom() + 1)
        )
        rows = map(self._model.row_of, indices)
        return sorted((row for row in rows if row is not None), key=_place)

    def count_selected(self) -> int:
        """Count the selected rows; quickly, for there may be thousands."""
        return sum(span.height() for span in self.selectionModel().selection())

    def is_selected(self, row: Row) -> bool:
        """Tell whether a row is selected."""
        return bool(self.selectionModel().isSelected(self._model.index_of(row)))

    def select_rows(self, rows: Iterable[Row]) -> None:
        """Select these rows and no others; the last one is the current one."""
        selection, last = QItemSelection(), QModelIndex()
        for row in rows:
            last = self._model.index_of(row)
            selection.select(last, last)
        if last.isValid():
            self.selectionModel().setCurrentIndex(last, _CURRENT)
        self.selectionModel().select(selection, _SELECT)

    def current_row(self) -> Row | None:
        """Give the row that was selected last."""
        return self._model.row_of(self.currentIndex())

    def look_around(self, *_: object) -> None:
        """Look at what is in sight, after a short pause."""
        self._pause.start()

    def _look_around(self) -> None:
        if not self.isVisible():
            return
        free = _AT_ONCE - self._model.looking()
        for row in self._in_sight():
            parent = row.parent
            if parent is not None and parent.more and row is parent.children[-1]:
                self._model.list_on(parent)
            if free > 0 and not row.entry.looked:
                self._model.look(row)
                free -= 1
        self.settled.emit()

    def _in_sight(self) -> Iterator[Row]:
        index = self.indexAt(self.viewport().rect().topLeft())
        bottom = self.viewport().height()
        while index.isValid() and self.visualRect(index).top() < bottom:
            row = self._model.row_of(index)
            if row is not None:
                yield row
            index = self.indexBelow(index)

    # -------------------------------------------------------------------------- expanding

    def _restore(self) -> None:
        """Open again what was open, after all rows were made anew."""
        for row in self._model.shown():
            if row.expanded:
                self.setExpanded(self._model.index_of(row), True)
        self.look_around()

    def _expanded(self, index: QModelIndex) -> None:
        row = self._model.row_of(index)
        if row is not None:
            row.expanded = True
            self._model.try_again(row)
        self.look_around()

    def _collapsed(self, index: QModelIndex) -> None:
        row = self._model.row_of(index)
        if row is not None:
            row.expanded = False
        self.look_around()

    def _double_clicked(self, index: QModelIndex) -> None:
        row = self._model.row_of(index)
        if row is None:
            return
        if can_be_drawn(row):
            self.opened.emit()
        else:
            first = index.siblingAtColumn(0)
            self.setExpanded(first, not self.isExpanded(first))

    # ------------------------------------------------------------------------- Qt's events

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open what is selected with Return."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
            event.accept()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Say what this is for, while there is nothing in it."""
        super().paintEvent(event)
        if self._model.root is None:
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().placeholderText().color())
            place = self.viewport().rect().adjusted(12, 12, -12, -12)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(place, flags, HINT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See more or less."""
        super().resizeEvent(event)
        self.look_around()

    def showEvent(self, event: QShowEvent) -> None:
        """Come into sight."""
        super().showEvent(event)
        self.look_around()


def can_be_drawn(row: Row) -> bool:
    """Tell whether a row is an image, a geometry or a segment itself, not what holds them."""
    entry = row.entry
    if entry.kind in ("segments", "container", "group", "collection"):
        return entry.image is not None
    return entry.image is not None or entry.geometry is not None or entry.segment is not None


def _place(row: Row) -> list[int]:
    above = [] if row.parent is None else _place(row.parent)
    return [*above, row.number]
