"""The part of editing: where level 0 is, by numbers; the layer moves as they are changed."""

from __future__ import annotations

from collections.abc import Sequence

from napari.layers import Layer
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
)
from superqt.utils import signals_blocked

from napari_strata import units
from napari_strata.layers.changing import edit_place
from napari_strata.layers.changing.edit_place import Place, place_of
from napari_strata.layers.changing.reopen import can_read_again
from napari_strata.layers.inspecting.inspection import Inspection
from napari_strata.widgets.inspector import figures
from napari_strata.widgets.inspector.part import Desk, Part, sentence
from napari_strata.widgets.inspector.write_back import WriteBack
from napari_strata.widgets.problem_list import quiet_text

_UNITS = ("nm", "µm", "mm", "ms", "s", "px")
_HEADS = ("Axis", "Scale", "Translation", "Unit")


class _Row:
    """The fields of one axis."""

    def __init__(self, index: int) -> None:
        self.name, self.scale, self.translate = QLineEdit(), QLineEdit(), QLineEdit()
        self.unit = QComboBox()
        self.unit.setEditable(True)
        self.unit.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.unit.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.unit.setMinimumContentsLength(2)
        for field, width in ((self.name, 30), (self.scale, 50), (self.translate, 50)):
            field.setMinimumWidth(width)  # as much as a panel of 280 pixels has
        self.unit.addItems(_UNITS)
        self.name.setToolTip("Name of the axis")
        self.scale.setToolTip("Size of a voxel of level 0, in the unit")
        self.translate.setToolTip("Centre of voxel 0 of level 0, in the unit")
        self.unit.setToolTip("The numbers stay if the unit is changed; px: a plain voxel")
        for head, field in zip(_HEADS, self.fields, strict=True):
            field.setAccessibleName(f"{head} of axis {index}")

    @property
    def fields(self) -> tuple[QLineEdit, QLineEdit, QLineEdit, QComboBox]:
        return self.name, self.scale, self.translate, self.unit


class EditPart(Part):
    """Scale, translation, unit and name of each axis; reverting them; writing them back."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.rows: list[_Row] = []
        self._shown: tuple[Layer, Place] | None = None
        self.grid = QGridLayout()
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(4)
        self.heads = [QLabel(head) for head in _HEADS]
        for column, head in enumerate(self.heads):
            head.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            self.grid.addWidget(head, 0, column)
        for column, stretch in enumerate((2, 3, 5, 3)):
            self.grid.setColumnStretch(column, stretch)
        self.hint = quiet_text("")
        self.revert_button = QPushButton("Revert")
        self.revert_button.setToolTip("Put the layer back where it was opened")
        self.write_button = QPushButton("Write back …")
        self.write_back = WriteBack(self)
        buttons = QHBoxLayout()
        buttons.addWidget(self.revert_button)
        buttons.addWidget(self.write_button)
        self.column.addLayout(self.grid)
        self.column.addWidget(self.hint)
        self.column.addLayout(buttons)
        self.column.addWidget(self.message)
        self.revert_button.clicked.connect(self.revert)
        self.write_button.clicked.connect(self.write_back.plan)

    def fill(self, layer: Layer, found: Inspection) -> None:
        """Fill in where the layer is now; what is being typed stays if that is the same."""
        self.show_running(layer)
        try:
            place = place_of(layer) if found.kind not in ("geometry", "other") else None
            reason = "Only images and labels are edited here." if place is None else ""
        except ValueError as error:
            place, reason = None, sentence(error)
        self.hint.setText(reason)
        self.hint.setVisible(bool(reason))
        for head in self.heads:
            head.setVisible(place is not None)
        self._set_rows(0 if place is None else len(place.names))
        self.write_back.look(layer)
        if place is None:
            self._shown = None
            return
        if self._shown is not None and self._shown[0] is layer and self._shown[1] == place:
            return
        self._shown = (layer, place)
        self._show(place)

    def show_running(self, layer: Layer) -> None:
        """Leave the place alone while it is written, or what is to be written is worked out."""
        running = self.write_back.is_running(layer)
        for row in self.rows:
            for field in row.fields:
                field.setEnabled(not running)
        self.revert_button.setEnabled(can_read_again(layer) and not running)

    def forget(self, layer: Layer) -> None:
        """Let go of a layer that was removed."""
        if self._shown is not None and self._shown[0] is layer:
            self._shown = None
        super().forget(layer)

    def _set_rows(self, count: int) -> None:
        while len(self.rows) < count:
            row = _Row(len(self.rows))
            self.rows.append(row)
            for column, field in enumerate(row.fields):
                self.grid.addWidget(field, len(self.rows), column)
                edit = field.lineEdit() if isinstance(field, QComboBox) else field
                edit.editingFinished.connect(self.apply)
            row.unit.activated.connect(self.apply)
        for index, row in enumerate(self.rows):
            for field in row.fields:
                field.setVisible(index < count)

    def _show(self, place: Place) -> None:
        values = zip(place.names, place.scale, place.translate, place.units, strict=True)
        for row, (name, scale, translate, unit) in zip(self.rows, values, strict=False):
            for field, text in (
                (row.name, name),
                (row.scale, f"{scale:.15g}"),
                (row.translate, f"{translate:.15g}"),
            ):
                field.setText(text)
                field.setCursorPosition(0)
            with signals_blocked(row.unit):
                row.unit.setCurrentText(figures.unit(unit))

    def apply(self, *_: object) -> None:
        """Move the layer to what is filled in, if that differs from where it is."""
        if self._shown is None:
            return
        layer, place = self._shown
        try:
            wanted = self._wanted(place)
            if wanted == place:
                self.say("")
                return
            edit_place.apply(layer, wanted)
        except ValueError as error:
            self.say(sentence(error))
            return
        self.say("")

    def _wanted(self, place: Place) -> Place:
        rows = self.rows[: len(place.names)]
        return Place(
            names=tuple(row.name.text().strip() for row in rows),
            scale=_numbers(rows, "scale", place.names, place.scale),
            translate=_numbers(rows, "translate", place.names, place.translate),
            units=tuple(
                _unit(row.unit.currentText().strip(), old)
                for row, old in zip(rows, place.units, strict=True)
            ),
        )

    def revert(self) -> None:
        """Put the layer back where it was opened, and what is filled in with it."""
        layer = self.layer
        if layer is None:
            return
        self._shown = None
        try:
            edit_place.revert(layer)
        except ValueError as error:
            self.say(sentence(error))
            return
        self.say("")
        if self.found is not None:
            self.fill(layer, self.found)


def _numbers(
    rows: Sequence[_Row], what: str, names: Sequence[str], old: Sequence[float]
) -> tuple[float, ...]:
    """Read a column; a number that is as it was shown is the very number it was."""
    found = []
    for row, name, value in zip(rows, names, old, strict=True):
        text = getattr(row, what).text().strip()
        try:
            found.append(value if text == f"{value:.15g}" else float(text))
        except ValueError:
            raise ValueError(f"axis {name}: '{text}' is no number") from None
    return tuple(found)


def _unit(text: str, old: str | None) -> str | None:
    """Read a unit; one that means what it was before stays spelled as it was."""
    if text == figures.unit(old):
        return old
    if text in ("", "px") or units.is_unitless(text):
        return None
    return text
