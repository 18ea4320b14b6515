"""The form of a crop box: lowest and highest position along each axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from qtpy.QtCore import QLocale, Qt, Signal
from qtpy.QtGui import QDoubleValidator
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from napari_strata.geometry import Box

_NO_LIMIT = "no limit"


class CropBox(QWidget):  # type: ignore[misc]
    """Fields for the corners of a box, and buttons that fill them.

    An empty field is no limit. Positions are as shown, in the units beside them.
    """

    asked = Signal()
    """The box in the fields is wanted."""
    view_asked = Signal()
    shape_asked = Signal()
    everything_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.low: list[QLineEdit] = []
        self.high: list[QLineEdit] = []
        self._filled: dict[QLineEdit, tuple[str, float]] = {}
        self._captions: tuple[str, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        self.view_button = _button("Current view", "Show the vertices in what the viewer shows now")
        self.shape_button = _button(
            "Selected shape",
            "Show the vertices in the box around the selected shape of a Shapes layer.\n"
            "Along axes in which the shape is flat there is no limit.",
        )
        self.crop_button = _button("Crop", "Show the vertices in the box above")
        self.everything_button = _button("Everything", "Show all vertices of the level")
        self.view_button.clicked.connect(self.view_asked)
        self.shape_button.clicked.connect(self.shape_asked)
        self.crop_button.clicked.connect(self.asked)
        self.everything_button.clicked.connect(self.everything_asked)

    def set_axes(self, names: Sequence[str], units: Sequence[str]) -> None:
        """Have a row for each axis."""
        captions = tuple(f"{name} ({unit})" for name, unit in zip(names, units, strict=True))
        if captions == self._captions:
            return
        self._captions = captions
        self._clear()
        for column, text in ((1, "from"), (2, "to")):
            self._grid.addWidget(QLabel(text), 0, column, Qt.AlignmentFlag.AlignRight)
        for row, caption in enumerate(captions, start=1):
            self._grid.addWidget(QLabel(caption), row, 0)
            low, high = self._field(f"Lowest {caption}"), self._field(f"Highest {caption}")
            self._grid.addWidget(low, row, 1)
            self._grid.addWidget(high, row, 2)
            self.low.append(low)
            self.high.append(high)
        for row, pair in enumerate(
            ((self.crop_button, self.everything_button), (self.view_button, self.shape_button)),
            start=len(captions) + 1,
        ):
            side_by_side = QHBoxLayout()
            for button in pair:
                side_by_side.addWidget(button, 1)
            self._grid.addLayout(side_by_side, row, 0, 1, 3)

    def _clear(self) -> None:
        kept = {self.view_button, self.shape_button, self.crop_button, self.everything_button}
        self.low, self.high, self._filled = [], [], {}
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None and widget not in kept:
                widget.deleteLater()

    def _field(self, tip: str) -> QLineEdit:
        field = QLineEdit()
        field.setToolTip(f"{tip}, both ends included; empty for no limit")
        field.setAccessibleName(tip)
        field.setPlaceholderText(_NO_LIMIT)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setMinimumWidth(70)
        validator = QDoubleValidator(field)
        validator.setLocale(QLocale.c())  # a point, as numpy and the status bar write it
        field.setValidator(validator)
        field.returnPressed.connect(self.asked)
        return field

    def in_order(self) -> list[QWidget]:
        """Give what the keyboard goes through."""
        return [
            *(field for pair in zip(self.low, self.high, strict=True) for field in pair),
            self.crop_button,
            self.everything_button,
            self.view_button,
            self.shape_button,
        ]

    def set_box(self, box: Box | None) -> None:
        """Fill the fields; None and infinite corners are no limit.

        They show rounded numbers; until one is changed, it stands for the exact one.
        """
        if box is None:
            corners = np.tile([[-np.inf], [np.inf]], len(self.low))
        else:
            corners = np.asarray(box, dtype=np.float64)
        for fields, values, outwards in ((self.low, corners[0], -1), (self.high, corners[1], 1)):
            sizes = np.abs(corners[1] - corners[0])
            for field, value, size in zip(fields, values, sizes, strict=True):
                text = _text(float(value), float(size), outwards)
                field.setText(text)
                self._filled[field] = (text, float(value))

    def box(self) -> Box | None:
        """Give the box in the fields, ``(2, n)``; None if no field has a number.

        Raises
        ------
        ValueError
            If a field has no number, or the ends of an axis are the wrong way round.
        """
        box = np.array(
            [
                [self._number(f, -np.inf) for f in self.low],
                [self._number(f, np.inf) for f in self.high],
            ]
        )
        for caption, low, high in zip(self._captions, *box, strict=True):
            if low > high:
                raise ValueError(f"{caption} goes from {low:,.10g} to {high:,.10g}: swap the ends.")
        return box if np.any(np.isfinite(box)) else None

    def _number(self, field: QLineEdit, nothing: float) -> float:
        text, exact = self._filled.get(field, ("", nothing))
        return exact if text and field.text() == text else _number(field, nothing)


def _number(field: QLineEdit, nothing: float) -> float:
    text = field.text().strip()
    if not text:
        return nothing
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise ValueError(f"{field.accessibleName()}: “{text}” is no number.")
    return number


def _text(value: float, size: float, outwards: int) -> str:
    """Write a number with a millionth of the box's size, rounded away from the box's middle."""
    if not np.isfinite(value):
        return ""
    # Where the other end is open, the number itself says how fine it is.
    size = size if np.isfinite(size) and size > 0 else abs(value) or 1.0
    digits = int(np.clip(6 - np.floor(np.log10(size)), 0, 15))
    if digits == 15:
        return repr(value)
    step = 10.0**-digits
    near = round(value, digits)
    if abs(near - value) > 1e-12 * max(abs(value), size):
        rounded = np.floor(value / step) if outwards < 0 else np.ceil(value / step)
        near = round(float(rounded) * step, digits)
    text = f"{near:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button
