"""The form of where an export goes, and in which format."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QPushButton, QWidget

from napari_strata.widgets.export.fields import chooser, line
from napari_strata.widgets.export.planning import SUFFIXES, with_suffix

_FORMAT_TIP = (
    "Format and version. Automatic: OME-Zarr 0.5, or 0.6 where a layer is turned, sheared or "
    "mirrored"
)
_FORMATS = (
    ("OME-Zarr (automatic)", "ome-zarr", None),
    ("OME-Zarr 0.4", "ome-zarr", "0.4"),
    ("OME-Zarr 0.5", "ome-zarr", "0.5"),
    ("OME-Zarr 0.6", "ome-zarr", "0.6"),
    ("COSEM N5", "cosem", None),
)


class TargetForm(QWidget):  # type: ignore[misc]
    """Format and path; the path ends as the format wants it once it is left."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.format = chooser(_FORMAT_TIP, [text for text, _, _ in _FORMATS])
        self.path = line(
            "A new folder, or a bucket's: s3://… or gs://…. A folder that is there is only "
            "replaced if you agree",
            "a new folder, or s3://…",
        )
        self.browse = QPushButton("Browse …")
        where = QHBoxLayout()
        where.addWidget(self.path, 1)
        where.addWidget(self.browse)
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow("Format", self.format)
        rows.addRow("To", where)
        self.format.currentIndexChanged.connect(self._format_changed)
        self.path.textChanged.connect(self._tell)
        self.path.editingFinished.connect(self.complete)
        self.browse.clicked.connect(self._browse)

    @property
    def chosen(self) -> tuple[str, str | None]:
        """Name of the format, and its version if one is asked for."""
        _, name, version = _FORMATS[self.format.currentIndex()]
        return name, version

    @property
    def is_empty(self) -> bool:
        """Whether no path is chosen."""
        return not self.path.text().strip()

    def complete(self) -> None:
        """Put the usual end of the format to a path that has none."""
        text = with_suffix(self.path.text(), self.chosen[0])
        if text != self.path.text():
            self.path.setText(text)

    def _format_changed(self) -> None:
        bare = self.path.text().strip()
        for suffix in SUFFIXES.values():
            if bare.endswith(suffix):  # it was put there for the format before
                self.path.setText(with_suffix(bare.removesuffix(suffix), self.chosen[0]))
                break
        self.changed.emit()

    def _tell(self, *_: Any) -> None:
        self.changed.emit()

    def _browse(self) -> None:
        text, _ = QFileDialog.getSaveFileName(
            self,
            "Export to a new folder",
            self.path.text(),
            "Folders (*.zarr *.n5);;All (*)",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if text:
            self.path.setText(with_suffix(text, self.chosen[0]))
