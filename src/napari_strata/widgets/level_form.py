"""The form of what is shown of a geometry: level, space of the vertices, crop box."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from napari.layers import Layer
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QPushButton, QVBoxLayout, QWidget
from superqt.utils import signals_blocked

from napari_strata.geometries import MOST_VERTICES
from napari_strata.geometry import Box, VertexSpace
from napari_strata.layers.notes import KEY
from napari_strata.widgets import captions, layer_box
from napari_strata.widgets.crop_box import CropBox
from napari_strata.widgets.problem_list import ProblemList, Sentence, quiet_text

_SPACES: tuple[VertexSpace | None, ...] = (None, "world", "declared")


@dataclass(frozen=True)
class Wish:
    """What is to be shown of a layer's geometry.

    Attributes
    ----------
    level : its index, 0 is the finest.
    box : ``(2, n)`` in the geometry's own coordinates, infinite where there is no limit; None
        for everything.
    vertices : the space the stored vertices are taken as in; None if they decide.
    """

    level: int
    box: Box | None
    vertices: VertexSpace | None


class LevelForm(QWidget):  # type: ignore[misc]
    """Shows the record of one layer, and says what else is wished."""

    wished = Signal(object)
    """A `Wish`."""
    view_asked = Signal()
    shape_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: Layer | None = None
        self._held: Wish | None = None
        self._state: tuple[object, ...] = (None, None, None)
        self.level = _chooser("Which resolution is shown; 0 is the finest")
        self.space = _chooser("How the stored vertices are taken")
        self.shown = quiet_text("")
        self.reason = quiet_text("")
        self.crop = CropBox()
        self.message = Sentence()
        self.read_all = QPushButton("Read all of them")
        self.read_all.setToolTip("Read the whole level, although it is large")
        self.problems = ProblemList()
        self._lay_out()
        self.level.activated.connect(self._change)
        self.space.activated.connect(self._change)
        self.crop.asked.connect(self._crop)
        self.crop.everything_asked.connect(self._everything)
        self.crop.view_asked.connect(self.view_asked)
        self.crop.shape_asked.connect(self.shape_asked)
        self.read_all.clicked.connect(self._release)

    def _lay_out(self) -> None:
        self._rows = QFormLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows.addRow("Level", self.level)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._rows)
        column.addWidget(self.shown)
        column.addWidget(self.crop)
        self._space_rows = QFormLayout()
        self._space_rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._space_rows.addRow("Vertices", self.space)
        column.addLayout(self._space_rows)
        for widget in (self.reason, self.message, self.read_all, self.problems):
            column.addWidget(widget)
        self.read_all.hide()

    def show_layer(self, layer: Layer, *, again: bool = False) -> None:
        """Fill the form from a layer's record.

        What is filled in stays if nothing has changed about the layer, unless ``again``.
        """
        record = layer.metadata[KEY]
        state = (layer, record, layer_box.where(layer))
        if not again and _same(state, self._state):
            return
        self._state = state
        self._layer, self._held = layer, None
        self.read_all.hide()
        self.say("")
        with signals_blocked(self.level), signals_blocked(self.space):
            self._fill_levels(record)
            self._fill_spaces(record)
        self.shown.setText(captions.shown(record))
        self.reason.setText(captions.space(record))
        self.reason.setToolTip(captions.declared(record))
        # A mesh of a precomputed folder has one place only; there is nothing to choose.
        self._space_rows.setRowVisible(self.space, record["format"] == "zvf")
        names = [str(axis["name"]) for axis in record["axes"]]
        self.crop.set_axes(names, layer_box.unit_names(layer))
        for before, after in pairwise([self.level, *self.crop.in_order(), self.space]):
            QWidget.setTabOrder(before, after)
        box = layer_box.recorded(record)
        self.crop.set_box(None if box is None else layer_box.to_shown(layer, box))
        self.problems.set_problems(record.get("problems", ()))
        if layer_box.is_turned(layer):
            self.message.say(
                "The layer is rotated or sheared in napari: the crop box is along its own axes, "
                "in positions before that.",
                "info",
            )

    def show_reading(self) -> None:
        """Say that what is wished is being read; the form stays as it is."""
        self.shown.setText(f"Reading level {self.level.currentIndex()} …")

    def _fill_levels(self, record: Any) -> None:
        self.level.clear()
        for index in range(len(record["levels"])):
            self.level.addItem(captions.level(index, record["levels"]))
        self.level.setCurrentIndex(record["level"])

    def _fill_spaces(self, record: Any) -> None:
        by_user = record.get("chosen_by") == "user"
        decided = "" if by_user else f": {record['space']}"
        self.space.clear()
        self.space.addItems([f"By evidence{decided}", "World, as stored", "Declared transform"])
        self.space.setCurrentIndex(_SPACES.index(record["space"]) if by_user else 0)

    def say(self, message: str, severity: str = "error") -> None:
        """Show a sentence below the form, or take it away if it is empty."""
        self.message.say(message, severity)

    def crop_to(self, box: Box) -> None:
        """Fill in a box, ``(2, n)`` in the geometry's coordinates, and wish for it."""
        assert self._layer is not None
        self.crop.set_box(layer_box.to_shown(self._layer, box))
        self._crop()

    def _crop(self) -> None:
        assert self._layer is not None
        try:
            shown = self.crop.box()
            box = None if shown is None else layer_box.to_own(self._layer, shown)
        except ValueError as error:
            self.say(str(error))
            return
        self._wish(box)

    def _change(self) -> None:
        """Another level or space is chosen: the box stays."""
        assert self._layer is not None
        self._wish(layer_box.recorded(self._layer.metadata[KEY]))

    def _everything(self) -> None:
        self._wish(None)

    def _wish(self, box: Box | None) -> None:
        assert self._layer is not None
        self.say("")
        self.read_all.hide()
        wish = Wish(self.level.currentIndex(), box, _SPACES[self.space.currentIndex()])
        record = self._layer.metadata[KEY]
        count = record["levels"][wish.level].get("vertex_count")
        shown_already = record["level"] == wish.level and record.get("box") is None
        if count is None or count <= MOST_VERTICES or box is not None or shown_already:
            self.wished.emit(wish)
            return
        self._held = wish
        size = captions.memory(count, len(record["axes"]))
        self.say(
            f"Level {wish.level} has {captions.vertices(count)}, {size} and more in memory. "
            "Crop it first, or read all of them.",
            "warning",
        )
        self.read_all.show()

    def _release(self) -> None:
        self.read_all.hide()
        self.say("")
        if self._held is not None:
            self.wished.emit(self._held)


def _same(state: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return state[0] is other[0] and state[1] is other[1] and state[2] == other[2]


def _chooser(tip: str) -> QComboBox:
    chooser = QComboBox()
    chooser.setToolTip(tip)
    chooser.setAccessibleName(tip)
    # As wide as the panel, not as its longest line.
    chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    chooser.setMinimumContentsLength(12)
    return chooser
