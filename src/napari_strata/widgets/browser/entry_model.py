"""The tree of a container for Qt's views: rows are listed and looked at as they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any, TypeAlias

from qtpy.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from napari_strata.dataset.entry import Entry
from napari_strata.widgets.browser.entry_text import COLUMNS, columns, kind
from napari_strata.widgets.browser.icons import icon_of
from napari_strata.widgets.browser.listing import (
    Branch,
    Key,
    Opened,
    Part,
    inside,
    key_of,
    narrowed,
    next_part,
)
from napari_strata.widgets.browser.reading import Reading
from napari_strata.widgets.browser.row import Row

Index: TypeAlias = Any  # a QModelIndex or QPersistentModelIndex
_LISTING, _LOOKING, _NARROWING = "listing", "looking", "narrowing"


class EntryModel(QAbstractItemModel):  # type: ignore[misc]
    """Rows of one container, below a single one that is the container itself.

    Parameters
    ----------
    reading : does what blocks; nothing else here does.
    """

    looked = Signal(object)
    """A `Row` that was looked at, or listed: more is known of it."""
    narrowed = Signal()
    """All rows were made anew, for what is looked for."""
    failed = Signal(str)
    """Something could not be read: one sentence."""

    def __init__(self, reading: Reading, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reading = reading
        self._ids = count(1)
        self._rows: dict[int, Row] = {}
        self._looked: dict[Key, Entry] = {}
        self._theme = "dark"
        self.root: Row | None = None
        self.wanted = ""

    # ---------------------------------------------------------------------------- content

    def set_container(self, entry: Entry | None) -> None:
        """Show a container, or none."""
        self._reading.forget(_of_rows)
        self.beginResetModel()
        self._rows.clear()
        self._looked.clear()
        self.root = None if entry is None else self._row(entry, None, 0)
        if self.root is not None:
            self.root.expanded = True
        self.endResetModel()

    def set_theme(self, theme: str) -> None:
        """Colour icons for one of napari's themes."""
        self._theme = theme
        for row in self.shown():
            index = self.index_of(row)
            self.dataChanged.emit(index, index)

    def narrow(self, wanted: str) -> None:
        """List only entries whose name holds this, and those that have been opened."""
        self.wanted = wanted.strip()
        root = self.root
        if root is None:
            return
        opened, wanted = self._opened(root), self.wanted

        def done(branch: Branch) -> None:
            self.beginResetModel()
            self._rows.clear()
            self.root = self._grown(branch, None, 0)
            self.endResetModel()
            self.narrowed.emit()

        self._reading.forget(_of_rows)
        self._reading.run(
            (_NARROWING,), lambda cancel: narrowed(opened, wanted, cancel), done, self.failed.emit
        )

    def _opened(self, row: Row) -> Opened:
        below = {key_of(x.entry): self._opened(x) for x in row.children if x.expanded}
        return Opened(row.entry, below)

    def _grown(self, branch: Branch, parent: Row | None, number: int) -> Row:
        row = self._row(branch.entry, parent, number)
        row.expanded = True
        self._note(row, branch.listed)
        for index, child in enumerate(branch.listed.entries):
            inner = branch.below.get(key_of(child))
            grown = (
                self._row(child, row, index) if inner is None else self._grown(inner, row, index)
            )
            row.children.append(grown)
        return row

    def _row(self, entry: Entry, parent: Row | None, number: int) -> Row:
        entry = self._looked.get(key_of(entry), entry)
        wanted = self.wanted if parent is None else inside(entry, parent.wanted)
        row = Row(entry, parent, number, next(self._ids), wanted=wanted, texts=columns(entry))
        self._rows[row.id] = row
        return row

    def shown(self) -> Iterator[Row]:
        """Give all rows there are."""
        return iter(list(self._rows.values()))

    # ---------------------------------------------------------------------------- reading

    def look(self, row: Row) -> None:
        """Read what a row's entry is, unless that is known or being read."""
        subject = (_LOOKING, row.id)
        if row.entry.looked or subject in self._reading.awaited():
            return
        entry = row.entry

        def failed(message: str) -> None:
            self._look_over(row, replace(entry, looked=True, has_children=False))
            self.failed.emit(f"{entry.name}: {message}")

        self._reading.run(subject, entry.look, lambda e: self._look_over(row, e), failed)

    def looking(self) -> int:
        """Count the rows that are being looked at."""
        return sum(1 for s in self._reading.awaited() if _is(s, _LOOKING))

    def _look_over(self, row: Row, entry: Entry) -> None:
        if self._rows.get(row.id) is not row:
            return
        before, key = row.entry, key_of(row.entry)
        row.entry = self._looked[key] = replace(entry, name=before.name, inner=before.inner)
        row.texts = columns(row.entry)
        if before.has_children != entry.has_children:
            self._lay_out_again(row)
        self._changed(row)

    def _lay_out_again(self, row: Row) -> None:
        """Let views hear that a row has children or not, which they ask once."""
        parent = self.index_of(row.parent) if row.parent else QModelIndex()
        parents = [QPersistentModelIndex(parent)]
        self.layoutAboutToBeChanged.emit(parents)
        self.layoutChanged.emit(parents)

    def _changed(self, row: Row) -> None:
        index = self.index_of(row)
        self.dataChanged.emit(index, index.siblingAtColumn(len(COLUMNS) - 1))
        self.looked.emit(row)

    def canFetchMore(self, parent: Index) -> bool:
        """Tell whether a row's first children are still to be listed.

        A view asks for more whenever it is laid out. So those behind the first are listed by
        `list_on`, where the last one comes into sight.
        """
        row = self.row_of(parent)
        return row is not None and row.more is None and self._can_list(row)

    def _can_list(self, row: Row) -> bool:
        if row.failed or not row.entry.has_children or row.more is False:
            return False
        return (_LISTING, row.id) not in self._reading.awaited()

    def fetchMore(self, parent: Index) -> None:
        """Start to list the first children; they arrive later."""
        row = self.row_of(parent)
        if row is not None and row.more is None:
            self.list_on(row)

    def list_on(self, row: Row) -> None:
        """Start to list the next children of a row, if there are any; they arrive later."""
        if not self._can_list(row):
            return
        entry, wanted, start = row.entry, row.wanted, row.following

        def failed(message: str) -> None:
            if self._rows.get(row.id) is row:
                row.failed = True
            self.failed.emit(f"{entry.name}: {message}")

        self._reading.run(
            (_LISTING, row.id),
            lambda cancel: next_part(entry, wanted, start, cancel),
            lambda part: self._add(row, part),
            failed,
        )

    def try_again(self, row: Row) -> None:
        """List children if that failed before."""
        if row.failed:
            row.failed = False
            self.list_on(row)

    def _add(self, row: Row, part: Part) -> None:
        if self._rows.get(row.id) is not row:
            return
        first = len(row.children)
        if part.entries:
            last = first + len(part.entries) - 1
            self.beginInsertRows(self.index_of(row), first, last)
            row.children += [self._row(x, row, n) for n, x in enumerate(part.entries, start=first)]
            self._note(row, part)
            self.endInsertRows()
        else:
            self._note(row, part)
        if not row.children and not row.wanted:
            row.entry = self._looked[key_of(row.entry)] = replace(row.entry, has_children=False)
            self._lay_out_again(row)
        self._changed(row)

    def _note(self, row: Row, part: Part) -> None:
        row.following, row.more, row.total = part.following, part.more, part.total
        new = tuple(p for p in part.problems if p not in row.entry.problems)
        if new:
            row.entry = replace(row.entry, problems=(*row.entry.problems, *new))

    # ------------------------------------------------------------------------ Qt's interface

    def row_of(self, index: Index) -> Row | None:
        """Give the row at an index; None where there is none."""
        return self._rows.get(index.internalId()) if index.isValid() else None

    def index_of(self, row: Row, column: int = 0) -> QModelIndex:
        """Give the index of a row."""
        return self.createIndex(row.number, column, row.id)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        """Give the index of a child."""
        if not 0 <= column < len(COLUMNS):
            return QModelIndex()
        if not parent.isValid():
            there = [self.root] if self.root is not None else []
        else:
            above = self.row_of(parent)
            there = [] if above is None or parent.column() else above.children
        return (
            self.createIndex(row, column, there[row].id) if 0 <= row < len(there) else QModelIndex()
        )

    def parent(self, index: Index | None = None) -> Any:
        """Give the index of a child's parent; without an argument, as every `QObject` does."""
        if index is None:
            return super().parent()
        row = self.row_of(index)
        return QModelIndex() if row is None or row.parent is None else self.index_of(row.parent)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Count the children that are listed."""
        if not parent.isValid():
            return int(self.root is not None)
        row = self.row_of(parent)
        return 0 if row is None or parent.column() else len(row.children)

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Count the columns."""
        return len(COLUMNS)

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        """Tell whether there are, or may be, children."""
        if not parent.isValid():
            return self.root is not None
        row = self.row_of(parent)
        return row is not None and not parent.column() and row.entry.has_children

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Name a column."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Show a row."""
        row = self.row_of(index)
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return row.texts[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return icon_of(row.entry, self._theme)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(row) if index.column() == 0 else row.texts[index.column()]
        return None


def _tip(row: Row) -> str:
    entry = row.entry
    what = f"{entry.inner or entry.name}\n{kind(entry)}"
    if row.total is not None and entry.image is None:
        what += f", {row.total:,} in it"
    worst = [p.message for p in entry.problems if p.severity != "info"][:1]
    return "\n".join([what, *worst])


def _is(subject: object, what: str) -> bool:
    return isinstance(subject, tuple) and bool(subject) and subject[0] == what


def _of_rows(subject: object) -> bool:
    return any(_is(subject, what) for what in (_LISTING, _LOOKING, _NARROWING))
