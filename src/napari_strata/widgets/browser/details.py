"""What is told of the selected entry: a small picture, its figures and its problems."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_strata.dataset.entry import Entry
from napari_strata.dataset.thumbnail import Thumbnail
from napari_strata.widgets.browser.entry_text import lines
from napari_strata.widgets.problem_list import ProblemList, WrappedText

PICTURE = 112  # pixels


class Details(QScrollArea):  # type: ignore[misc]
    """Shows one entry."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QElidingLabel()
        self.name.setElideMode(Qt.TextElideMode.ElideMiddle)
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.picture = QLabel()
        self.picture.setFixedSize(PICTURE, PICTURE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setWordWrap(True)
        self.picture.setAccessibleName("Thumbnail")
        self.text = WrappedText()
        self.problems = ProblemList()
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.name)
        row = QHBoxLayout()
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addWidget(self.problems)
        column.addStretch(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(80)

    def sizeHint(self) -> QSize:
        """Leave room for the picture and a problem."""
        return QSize(200, PICTURE + 60)

    def show_entry(self, entry: Entry | None, total: int | None = None) -> None:
        """Show what is known of an entry, and how many are in it, without reading anything."""
        self.picture.setVisible(entry is not None and entry.image is not None)
        self.name.setText("" if entry is None else entry.name)
        self.name.setToolTip("" if entry is None else entry.inner or entry.name)
        described = [] if entry is None else lines(entry, total)
        self.text.setPlainText("\n".join(f"{a}: {b}" if a else b for a, b in described))
        self.problems.set_problems(
            []
            if entry is None
            else [
                {"severity": p.severity, "where": p.where, "message": p.message}
                for p in entry.problems
            ]
        )

    def show_several(self, count: int) -> None:
        """Say how many are selected."""
        self.show_entry(None)
        self.show_picture("")
        self.name.setText(f"{count:,} selected")

    def show_picture(self, picture: Thumbnail | str) -> None:
        """Show a picture, or a few words in its place."""
        if isinstance(picture, str):
            self.picture.clear()
            self.picture.setText(picture)
            return
        height, width, _ = picture.rgb.shape
        image = QImage(picture.rgb.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        pixmap = QPixmap.fromImage(image.copy())
        ratio = self.devicePixelRatioF()
        pixmap = pixmap.scaled(
            round(PICTURE * ratio),
            round(PICTURE * ratio),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        pixmap.setDevicePixelRatio(ratio)
        self.picture.setPixmap(pixmap)
        self.picture.setToolTip(f"Middle plane of level {picture.level}")
