"""The form of how layers are exported: levels, chunks, shards, compressor, method, workers."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QFormLayout, QWidget

from napari_strata.export.pixels.codecs import DEFAULT
from napari_strata.export.pixels.reduce import METHODS
from napari_strata.export.planning.options_text import options
from napari_strata.widgets.export.fields import chooser, line, number

_AUTOMATIC = "automatic"
_CODECS = {"blosc": 9, "zstd": 22, "gzip": 9, "none": 0}  # and their highest levels
_SIZES = "Sizes as 64,128,128 (of the last axes) or z=64,y=128,x=128"


class WayForm(QWidget):  # type: ignore[misc]
    """Settings that are left to the export unless something is said."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.channels = chooser(
            "Whether layers on the same voxels become channels of one image",
            ("Channels of one image", "Separate images"),
        )
        self.first_level = number(
            "Which of the layer's levels becomes level 0 of the export; 0 is the finest", 0, 99
        )
        self.levels = number("How many levels are written", 0, 99, _AUTOMATIC)
        self.factors = line(f"How much coarser each level is. {_SIZES}", _AUTOMATIC)
        self.method = chooser(
            "How voxels of a coarser level are made. Automatic: the mean; of labels the one that "
            "most voxels have",
            (_AUTOMATIC, *METHODS),
        )
        self.chunks = line(f"Voxels that are compressed as one. {_SIZES}", _AUTOMATIC)
        self.shards = chooser(
            f"Voxels that are one file: none, auto, or sizes. {_SIZES}. Not in OME-Zarr 0.4",
            ("none", "auto"),
            editable=True,
        )
        self.codec = chooser("How chunks are compressed", tuple(_CODECS))
        self.codec_level = number("How hard it is compressed", 1, 9)
        self.codec_level.setValue(DEFAULT.level)
        self.copy_levels = QCheckBox("Copy stored coarser levels")
        self.copy_levels.setToolTip(
            "Copy the coarser levels that layers have, instead of computing them anew"
        )
        self.resample = QCheckBox("Straighten mirrored layers")
        self.resample.setToolTip(
            "Write layers that are mirrored or turned by quarter turns on a straight grid:\n"
            "the same voxels in another order"
        )
        self.scheduler = line(
            "Address of a Dask scheduler, as tcp://host:8786, or threads. Empty: a cluster that "
            "is in use, else this computer. The target must be on a filesystem all workers share",
            "this computer",
        )
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow("Channels", self.channels)
        rows.addRow("First level", self.first_level)
        rows.addRow("Levels", self.levels)
        rows.addRow("Factors", self.factors)
        rows.addRow("Method", self.method)
        rows.addRow("Chunks", self.chunks)
        rows.addRow("Shards", self.shards)
        rows.addRow("Codec", self.codec)
        rows.addRow("Strength", self.codec_level)
        rows.addRow(self.copy_levels)
        rows.addRow(self.resample)
        rows.addRow("Scheduler", self.scheduler)

    def _connect(self) -> None:
        for chosen in (self.channels, self.method):
            chosen.currentIndexChanged.connect(self._tell)
        self.codec.currentTextChanged.connect(self._codec_changed)
        self.shards.currentTextChanged.connect(self._tell)
        for counted in (self.first_level, self.levels, self.codec_level):
            counted.valueChanged.connect(self._tell)
        for written in (self.factors, self.chunks, self.scheduler):
            written.textChanged.connect(self._tell)
        for ticked in (self.copy_levels, self.resample):
            ticked.toggled.connect(self._tell)

    def _tell(self, *_: Any) -> None:
        self.changed.emit()

    def _codec_changed(self, name: str) -> None:
        self.codec_level.setEnabled(name != "none")
        self.codec_level.setMaximum(max(_CODECS[name], 1))
        self.changed.emit()

    def set_most_levels(self, count: int) -> None:
        """Say how many levels the layer that has most of them has."""
        self.first_level.setMaximum(max(count - 1, 0))
        self.first_level.setEnabled(count > 1)

    def wishes(self) -> dict[str, Any]:
        """Give the options; what is left to the export is not in it.

        Raises
        ------
        ExportError
            If sizes are written otherwise than they should be.
        """
        name = self.codec.currentText()
        chosen = name if name == "none" else f"{name}:{self.codec_level.value()}"
        said = {
            "channels": "separate" if self.channels.currentIndex() else "merge",
            "first_level": self.first_level.value(),
            "levels": self.levels.value() or None,
            "factors": self.factors.text().strip() or None,
            "method": self.method.currentText() if self.method.currentIndex() else None,
            "chunks": self.chunks.text().strip() or None,
            "shards": self.shards.currentText().strip() or None,
            "codec": chosen,
            "copy_levels": self.copy_levels.isChecked(),
            "resample": self.resample.isChecked(),
        }
        return options(said)

    @property
    def address(self) -> str | None:
        """Of the scheduler, if one is named."""
        return self.scheduler.text().strip() or None
