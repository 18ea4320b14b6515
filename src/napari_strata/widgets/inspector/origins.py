"""The part that says where a level's numbers come from: a tree of what its place is made of."""

from __future__ import annotations

from napari.layers import Layer
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QPushButton, QTreeWidget
from qtpy.QtWidgets import QTreeWidgetItem as Item

from napari_strata.layers.inspecting.contribution import Contribution
from napari_strata.layers.inspecting.inspection import Inspection
from napari_strata.layers.inspecting.provenance import provenance
from napari_strata.widgets.inspector import figures, icons
from napari_strata.widgets.inspector.fields import fixed_width, in_line, to_clipboard
from napari_strata.widgets.inspector.part import Desk, Part, sentence
from napari_strata.widgets.problem_list import WrappedText

_SAID = {
    "declared": "declared by the image's own metadata",
    "inherited": "inherited from a folder above",
    "overridden": "declared, but something else was used instead",
    "repaired": "declared wrongly, and repaired",
    "ignored": "declared, and not used",
    "assumed": "not declared: assumed",
    "live": "set in napari",
    "computed": "computed by napari-strata: units, order of axes",
}
_SHADES = {"repaired": "fair", "assumed": "fair", "overridden": "fair", "ignored": "bad"}
_ROWS = 9


class OriginsPart(Part):
    """A tree from the final affine down to each contribution, and the chosen one in full."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.level = 0
        self._tree: Contribution | None = None
        self._theme = ""
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Where the level's place comes from")
        self.tree.setHeaderLabels(["What", "Status"])
        self.tree.setIconSize(QSize(icons.SIDE, icons.SIDE))
        self.tree.setIndentation(12)
        self.tree.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.said = in_line(WrappedText())
        self.where = in_line(WrappedText())
        self.matrix = QLabel()
        fixed_width(self.matrix)
        self.matrix.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.copy_button = QPushButton("Copy the matrix")
        self.copy_button.setToolTip("Copy it as JSON, in micrometres and seconds, row by row")
        for widget in (self.tree, self.said, self.where, self.matrix, self.copy_button):
            self.column.addWidget(widget)
        self.column.addWidget(self.message)
        self.tree.currentItemChanged.connect(self._show_chosen)
        self.copy_button.clicked.connect(self._copy)

    def show_level(self, level: int) -> None:
        """Show where this level of the layer comes from."""
        self.level = level
        if self.layer is not None and self.found is not None:
            self.fill(self.layer, self.found)

    def fill(self, layer: Layer, found: Inspection) -> None:
        """Fill the tree, unless it is the one that is shown."""
        level = self.level if self.level < len(found.levels) else 0
        try:
            tree = provenance(layer, level)
        except ValueError as error:
            self.say(sentence(error))
            return
        theme = self.desk.viewer.theme
        if tree == self._tree and theme == self._theme:
            return
        self._tree, self._theme = tree, theme
        self.tree.clear()
        self.tree.addTopLevelItem(self._item(tree))
        self.tree.expandAll()
        rows = _ROWS if _size(tree) > _ROWS else max(_size(tree), 3)
        row = max(self.tree.sizeHintForRow(0), icons.SIDE)
        self.tree.setFixedHeight(row * rows + self.tree.header().sizeHint().height() + 4)
        self.tree.setCurrentItem(self.tree.topLevelItem(0))

    def _item(self, node: Contribution) -> Item:
        item = Item([node.title, node.status])
        item.setData(0, Qt.ItemDataRole.UserRole, node)
        item.setToolTip(0, f"{node.title}\n{node.where}".rstrip())
        item.setToolTip(1, _SAID[node.status])
        if node.status in _SHADES:
            item.setForeground(1, icons.shade(_SHADES[node.status], self._theme))
        if node.matrix is None:  # read, and no part of the place
            font = item.font(0)
            font.setStrikeOut(True)
            item.setFont(0, font)
        for child in node.children:
            item.addChild(self._item(child))
        return item

    @property
    def chosen(self) -> Contribution | None:
        """The contribution that is shown in full."""
        item = self.tree.currentItem()
        return None if item is None else item.data(0, Qt.ItemDataRole.UserRole)

    def _show_chosen(self, *_: object) -> None:
        node = self.chosen
        for widget in (self.said, self.where, self.matrix, self.copy_button):
            widget.setVisible(node is not None)
        if node is None:
            return
        note = f" {node.note[:1].upper()}{node.note[1:]}." if node.note else ""
        is_product = bool(node.children) and node.status == "computed"
        said = "the product of what is below it" if is_product else _SAID[node.status]
        self.said.setPlainText(f"{node.title[:1].upper()}{node.title[1:]}: {said}.{note}")
        self.where.setPlainText(node.where)
        self.where.setVisible(bool(node.where))
        self.matrix.setVisible(node.matrix is not None)
        self.copy_button.setVisible(node.matrix is not None)
        if node.matrix is not None:
            self.matrix.setText(figures.matrix(node.matrix))

    def _copy(self) -> None:
        if self.chosen is not None and self.chosen.matrix is not None:
            to_clipboard([list(row) for row in self.chosen.matrix])


def _size(node: Contribution) -> int:
    return 1 + sum(_size(child) for child in node.children)
