"""The table of a layer's levels: one row a level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QBrush, QMouseEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTableWidget
from qtpy.QtWidgets import QTableWidgetItem as Item
from superqt.utils import signals_blocked

from napari_strata.layers.drawing.level_colours import level_colour
from napari_strata.layers.inspecting.alignment import LevelAlignment
from napari_strata.layers.inspecting.inspection import Inspection, LevelRow
from napari_strata.widgets import captions
from napari_strata.widgets.inspector import figures, icons

LEVEL, DRAWN, LOCK, OFF = range(4)
_SIGN_WIDTH = 24
_MOST_ROWS = 8
_NEAR = 0.5  # of a voxel of level 0


@dataclass(frozen=True)
class Levels:
    """What the table shows.

    Attributes
    ----------
    alignment : of each level; None where no declared place is known.
    sizes : bytes on disk, as far as they are known yet, by the level's index.
    """

    found: Inspection
    alignment: Sequence[LevelAlignment] | None = None
    sizes: Mapping[int, int | None] = field(default_factory=dict)

    @property
    def can_lock(self) -> bool:
        """Whether there is more than one level of voxels to choose from."""
        return self.found.kind in ("ours", "multiscale") and len(self.found.levels) > 1


Text = Callable[[Levels, LevelRow], str]


def _off(levels: Levels, row: LevelRow) -> str:
    if levels.alignment is None:
        return "–" if levels.found.kind == "single" else "?"  # one level is beside no other
    return figures.offset(levels.alignment[row.index].largest)


def _on_disk(levels: Levels, row: LevelRow) -> str:
    return figures.size(levels.sizes[row.index]) if row.index in levels.sizes else "…"


_LEVEL = ("Level", "0 is the finest; the colour is that of its box in the viewer")
_DRAWN = ("", "The level that is drawn now")
_LOCK = ("", "Click a lock to draw this level always, or no longer")
_IN_AXES: tuple[tuple[str, str, Text], ...] = (
    (
        "Scale",
        "Size of a voxel as declared, in the unit; – where more is declared, such as a rotation",
        lambda _, r: figures.vector(r.scale),
    ),
    (
        "Translation",
        "Centre of voxel 0 as declared, in the unit; – as for the scale",
        lambda _, r: figures.vector(r.translate),
    ),
    ("Unit", "As declared; px: a plain voxel", lambda _, r: figures.unit_row(r.units)),
    (
        "Extent",
        "From edge to edge, as it is drawn",
        lambda s, r: figures.measures(r.extent, s.found.units),
    ),
)
_PATH: tuple[str, str, Text] = (
    "Path",
    "Relative to what was opened",
    lambda _, r: r.path or "–",
)
_VOXELS: tuple[tuple[str, str, Text], ...] = (
    (
        "Off by",
        "Drawn beside the declared place, at most, in voxels of level 0 along an axis",
        _off,
    ),
    ("Shape", "Voxels along each axis", lambda _, r: figures.counts(r.shape)),
    *_IN_AXES,
    ("Chunks", "What is read at once", lambda _, r: figures.counts(r.chunks)),
    ("Type", "Of the values", lambda _, r: r.dtype),
    ("Size", "Of the voxels of this layer, not compressed", lambda _, r: figures.size(r.nbytes)),
    ("On disk", "All chunks of the level, of all its channels; – where not known", _on_disk),
    _PATH,
)
_VERTICES: tuple[tuple[str, str, Text], ...] = (
    ("Vertices", "How many the store says there are", lambda _, r: captions.vertices(r.vertices)),
    *_IN_AXES,
    _PATH,
)


class LevelTable(QTableWidget):  # type: ignore[misc]
    """Shows levels; says which one is chosen, is to be locked, or is to be a layer of its own."""

    chosen = Signal(int)
    lock_asked = Signal(int)
    open_asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._levels: Levels | None = None
        self._theme = ""
        self.setAccessibleName("Levels")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setIconSize(QSize(icons.SIDE, icons.SIDE))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(_SIGN_WIDTH)
        self.itemSelectionChanged.connect(self._tell_chosen)
        self.cellClicked.connect(self._clicked)

    @property
    def row(self) -> int | None:
        """The level that is chosen."""
        rows = self.selectionModel().selectedRows() if self.selectionModel() else []
        return rows[0].row() if rows else None

    def choose(self, level: int) -> None:
        """Choose a level, which is not told."""
        with signals_blocked(self):
            self.selectRow(level)

    def show_levels(self, levels: Levels, theme: str) -> None:
        """Fill the table; the same is not filled in twice."""
        if levels == self._levels and theme == self._theme:
            return
        old = self._levels
        self._levels, self._theme = levels, theme
        row = self.row
        with signals_blocked(self):
            self._fill(levels)
            self.resizeColumnsToContents()
            for column in (DRAWN, LOCK):
                self.setColumnWidth(column, _SIGN_WIDTH)
            self.setColumnHidden(LOCK, not levels.can_lock)
            count = len(levels.found.levels)
            same = old is not None and len(old.found.levels) == count
            if count:
                self.selectRow(row if same and row is not None else levels.found.drawn or 0)
        self._fit()

    def _fill(self, levels: Levels) -> None:
        of_voxels = levels.found.kind != "geometry"
        texts = _VOXELS if of_voxels else _VERTICES
        heads = [_LEVEL, _DRAWN, _LOCK, *((head, tip) for head, tip, _ in texts)]
        self.setColumnCount(len(heads))
        self.setRowCount(len(levels.found.levels))
        axes = ", ".join(levels.found.axes)
        for column, (head, tip) in enumerate(heads):
            item = Item(head)
            item.setToolTip(f"{tip}. Axes: {axes}" if column > OFF else tip)
            self.setHorizontalHeaderItem(column, item)
        for row in levels.found.levels:
            self._set(row.index, LEVEL, self._numbered(row, len(levels.found.levels)))
            self._set(row.index, DRAWN, Item())
            self._set(row.index, LOCK, Item())
            for column, (_, _, text) in enumerate(texts, start=OFF):
                self._set(row.index, column, Item(text(levels, row)))
            if of_voxels:
                self._colour(self.item(row.index, OFF), levels, row)
        self._mark(levels.found.drawn, levels.found.locked)

    def _numbered(self, row: LevelRow, count: int) -> Item:
        item = Item(str(row.index))
        item.setIcon(icons.swatch(level_colour(row.index, count)))
        return item

    def _set(self, row: int, column: int, item: Item) -> None:
        item.setFlags(Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled)
        if column > LOCK:
            item.setToolTip(item.text())
        self.setItem(row, column, item)

    def _colour(self, item: Item, levels: Levels, row: LevelRow) -> None:
        if levels.alignment is None:
            item.setToolTip("Where this level is declared to be is not known")
            return
        found = levels.alignment[row.index]
        name = "good" if found.largest <= 1e-6 else "fair" if found.largest <= _NEAR else "bad"
        item.setForeground(QBrush(icons.shade(name, self._theme)))
        names = levels.found.axes
        lines = [
            f"first voxel · {figures.by_axis(names, found.first)}",
            f"last voxel · {figures.by_axis(names, found.last)}",
            f"first plane on a slider · {figures.by_axis(names, found.sliced_first)}",
            f"last plane on a slider · {figures.by_axis(names, found.sliced_last)}",
        ]
        item.setToolTip("\n".join(["Drawn minus declared, in voxels of level 0", *lines]))

    def _mark(self, drawn: int | None, locked: int | None) -> None:
        assert self._levels is not None
        for row in range(self.rowCount()):
            is_drawn, is_locked = row == drawn, row == locked
            eye, lock = self.item(row, DRAWN), self.item(row, LOCK)
            eye.setIcon(icons.sign("visibility", self._theme) if is_drawn else icons.NOTHING)
            eye.setToolTip("This level is drawn now" if is_drawn else "")
            name, faint = ("lock", 1.0) if is_locked else ("lock_open", 0.35)
            lock.setIcon(icons.sign(name, self._theme, faint))
            lock.setToolTip(
                "Drawn always; click to let the view choose again"
                if is_locked
                else "Click to draw this level always"
            )
            label = f"Level {row}{', drawn now' * is_drawn}{', locked' * is_locked}"
            self.item(row, LEVEL).setData(Qt.ItemDataRole.AccessibleTextRole, label)
            font = self.item(row, LEVEL).font()
            font.setBold(is_drawn)
            for column in range(self.columnCount()):
                self.item(row, column).setFont(font)

    def _fit(self) -> None:
        """Be as high as the rows, up to some, with room for a scroll bar."""
        rows = min(self.rowCount(), _MOST_ROWS)
        height = sum(self.rowHeight(row) for row in range(rows))
        height += self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()
        self.setFixedHeight(height + self.horizontalScrollBar().sizeHint().height())

    def _tell_chosen(self) -> None:
        if self.row is not None:
            self.chosen.emit(self.row)

    def _clicked(self, row: int, column: int) -> None:
        if column == LOCK:
            self.lock_asked.emit(row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for a level as a layer; on its lock, two clicks are two clicks."""
        item = self.itemAt(event.position().toPoint())
        if item is None:
            return
        if item.column() == LOCK:
            self.lock_asked.emit(item.row())
        else:
            self.open_asked.emit(item.row())
