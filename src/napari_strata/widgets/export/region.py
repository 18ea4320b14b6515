"""The form of which part of the layers is exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget
from superqt.utils import signals_blocked

from napari_strata.export.planning.layer_image import LayerImage
from napari_strata.export.planning.options_text import times
from napari_strata.widgets.crop_box import CropBox
from napari_strata.widgets.export import view as export_view
from napari_strata.widgets.export.fields import chooser, line

EVERYTHING, VIEW, PLACES, VOXELS = range(4)
_KINDS = ("Everything", "Current view", "Box by places", "Box by voxels")


class RegionForm(QWidget):  # type: ignore[misc]
    """A box, in the world or in voxels of level 0, and a range of time points."""

    changed = Signal()
    view_asked = Signal()
    """The box of what the viewer shows is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: Sequence[LayerImage] = ()
        self._names: Sequence[str] = ()
        self.kind = chooser("Which part is exported", _KINDS)
        self.box = CropBox()
        for button in (
            self.box.view_button,
            self.box.shape_button,
            self.box.crop_button,
            self.box.everything_button,
        ):
            button.hide()
        self.again = QPushButton("Take the view again")
        self.again.setToolTip("Fill in what the viewer shows now")
        self.times = line("Time points, as first:last + 1; empty for all", "all")
        self._rows = QFormLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows.addRow("Region", self.kind)
        self._time_row = QFormLayout()
        self._time_row.setContentsMargins(0, 0, 0, 0)
        self._time_row.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._time_row.addRow("Times", self.times)
        self._time_row.setRowVisible(self.times, False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._rows)
        column.addWidget(self.box)
        column.addWidget(self.again)
        column.addLayout(self._time_row)
        self.kind.currentIndexChanged.connect(self._kind_changed)
        self.again.clicked.connect(self.view_asked)
        self.times.textChanged.connect(self.changed)
        self._show()

    def set_layers(self, layers: Sequence[Any], images: Sequence[LayerImage]) -> None:
        """Have fields for the axes of these layers."""
        self._images = images
        names = _names(images)
        by_time = any(axis.type == "time" for image in images for axis in image.axes)
        self._time_row.setRowVisible(self.times, by_time)
        if self.kind.currentIndex() == VOXELS:
            units = dict.fromkeys(names, "voxel")
        else:
            try:
                units = export_view.axis_units(layers, images)
            except ValueError:
                units = {}  # is said where the box is asked for
        known = self._texts()
        self.box.set_axes(names, [units.get(name, "?") for name in names])
        self._names = names
        for field in (*self.box.low, *self.box.high):
            if not field.property("heard"):  # a field of an axis that was not there before
                field.setProperty("heard", True)
                field.textChanged.connect(self.changed)
        if self._texts() != known:
            self._set_texts(known)

    def set_box(self, box: Mapping[str, tuple[float, float]]) -> None:
        """Fill in a box; axes that are not named have no limit."""
        nothing = (-np.inf, np.inf)
        corners = np.array([box.get(name, nothing) for name in self._names]).T
        with signals_blocked(self):
            self.box.set_box(corners if len(self._names) else None)
        self.changed.emit()

    def wishes(self, layers: Sequence[Any]) -> dict[str, Any]:
        """Give the options `box`, `voxels` and `times`, as far as they are asked for.

        Raises
        ------
        ValueError
            If a field is no number, ends are the wrong way round, or a place is ambiguous.
        """
        found: dict[str, Any] = {}
        text = self.times.text().strip()
        if text and self._time_row.isRowVisible(self.times):
            found["times"] = times(text)
        if self.kind.currentIndex() == EVERYTHING:
            return found
        corners = self.box.box()
        if corners is None:
            return found
        ends = {n: (float(a), float(b)) for n, a, b in zip(self._names, *corners, strict=True)}
        if self.kind.currentIndex() == VOXELS:
            found["voxels"] = {n: _whole(n, pair) for n, pair in ends.items() if _limited(pair)}
        else:
            export_view.axis_units(layers, self._images)
            found["box"] = export_view.finite(ends, self._images)
        return found

    def _kind_changed(self) -> None:
        self.box.set_box(None)
        self._show()
        if self.kind.currentIndex() == VIEW:
            self.view_asked.emit()
        else:
            self.changed.emit()

    def _show(self) -> None:
        kind = self.kind.currentIndex()
        self.box.setVisible(kind != EVERYTHING)
        self.again.setVisible(kind == VIEW)

    def _texts(self) -> dict[str, tuple[str, str]]:
        fields = zip(self._names, self.box.low, self.box.high, strict=True)
        return {name: (low.text(), high.text()) for name, low, high in fields}

    def _set_texts(self, texts: Mapping[str, tuple[str, str]]) -> None:
        for name, low, high in zip(self._names, self.box.low, self.box.high, strict=True):
            for field, text in zip((low, high), texts.get(name, ("", "")), strict=True):
                _set(field, text)


def _set(field: QLineEdit, text: str) -> None:
    with signals_blocked(field):
        field.setText(text)


def _names(images: Sequence[LayerImage]) -> list[str]:
    """List the axes that all layers have among them, but for channels and times."""
    axes = (axis for image in images for axis in image.axes)
    return list(dict.fromkeys(axis.name for axis in axes if axis.type not in ("channel", "time")))


def _limited(ends: tuple[float, float]) -> bool:
    return bool(np.any(np.isfinite(ends)))


def _whole(name: str, ends: tuple[float, float]) -> tuple[int | None, int | None]:
    """Turn the first and the last voxel into the first and the one after the last."""
    for end in ends:
        if np.isfinite(end) and (end < 0 or end != int(end)):
            raise ValueError(f"{name}: {end:g} is no number of a voxel; they count from 0.")
    low, high = ends
    return (
        int(low) if np.isfinite(low) else None,
        int(high) + 1 if np.isfinite(high) else None,
    )
