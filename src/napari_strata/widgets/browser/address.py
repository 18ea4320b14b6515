"""The form of what is browsed: a path or URL, and for S3 a profile."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QMimeData, QSize, QUrl, Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_strata.model import OpenError
from napari_strata.store.location import is_url, parse_location
from napari_strata.widgets.browser import history

EXAMPLES = (
    ("OME-Zarr on the web (IDR)", "https://uk1s3.embassy.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr"),
    ("N5 in an S3 bucket (OpenOrganelle)", "s3://janelia-cosem-datasets/jrc_hela-2/jrc_hela-2.n5"),
    ("Precomputed in a Google bucket (FlyEM)", "gs://neuroglancer-janelia-flyem-hemibrain/v1.0/segmentation"),
)  # fmt: skip
NO_PROFILE = "anonymous"


class AddressForm(QWidget):  # type: ignore[misc]
    """Asks for what is to be browsed."""

    asked = Signal(str, str)
    """An address and the name of an AWS profile, or an empty one."""
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known: list[tuple[str, str]] = []
        self._is_busy = False
        self._make_fields()
        self._lay_out()
        self._connect()
        self.show_history()
        self._edited()

    def _make_fields(self) -> None:
        self.field = QComboBox()
        self.field.setEditable(True)
        self.field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.field.setCompleter(None)  # it would change the case of what is typed
        self.field.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.field.setToolTip(
            "A folder, a zip file, or the address of one: https://, s3:// or gs://. "
            "Folders and links can be dropped here; the list holds the last ones"
        )
        line = self.field.lineEdit()
        line.setPlaceholderText("Path, https://, s3:// or gs://")
        self.field.setAcceptDrops(False)  # the panel takes what is dropped
        line.setAcceptDrops(False)
        self.folder = QPushButton("…")
        self.folder.setAccessibleName("Choose a folder")
        self.folder.setToolTip("Choose a folder on this computer")
        self.examples = QPushButton("?")
        self.examples.setAccessibleName("Examples")
        self.examples.setToolTip("Public data to try")
        self.profile = QComboBox()
        self.profile.setEditable(True)
        self.profile.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.profile.lineEdit().setPlaceholderText(NO_PROFILE)
        self.profile.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.profile.setToolTip(
            "The AWS profile an S3 bucket is read by. With none, it is read as anyone can, and by "
            "the usual credentials where that is refused"
        )
        self.go = QPushButton("Connect")
        # Wide enough for both of its texts, so that nothing moves when they change.
        self.go.setMinimumWidth(self.go.fontMetrics().horizontalAdvance("Connect") + 24)

    def _lay_out(self) -> None:
        self.menu = menu = QMenu(self)
        for title, address in EXAMPLES:
            action = menu.addAction(title)
            action.setToolTip(address)
            action.setData(address)
        menu.setToolTipsVisible(True)
        menu.addSeparator()
        menu.addAction("Forget the last addresses")
        menu.triggered.connect(self._act)
        where = QHBoxLayout()
        where.addWidget(self.field, 1)
        where.addWidget(self.folder)
        where.addWidget(self.examples)
        self._profile_label = QLabel("S3 profile")
        self._profile_label.setBuddy(self.profile)
        how = QHBoxLayout()
        how.addWidget(self._profile_label)
        how.addWidget(self.profile, 1)
        how.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(where)
        column.addLayout(how)

    def _connect(self) -> None:
        self.field.lineEdit().returnPressed.connect(self.ask)
        self.field.activated.connect(self._chosen)
        self.field.editTextChanged.connect(self._edited)
        self.folder.clicked.connect(self._choose_folder)
        self.examples.clicked.connect(self._show_examples)
        self.go.clicked.connect(self._pressed)

    def sizeHint(self) -> QSize:
        """Take the width there is."""
        return QSize(200, super().sizeHint().height())

    # ------------------------------------------------------------------------ what is asked

    def fill_in(self, address: str, profile: str = "") -> None:
        """Write an address into the field."""
        self.field.setEditText(address)
        self.profile.setEditText(profile)

    def ask(self) -> None:
        """Ask for what is filled in, if anything is."""
        address = _as_pasted(self.field.currentText())
        if address:
            self.field.setEditText(address)
            profile = self.profile.currentText().strip() if self.profile.isEnabled() else ""
            self.asked.emit(address, profile)

    def show_busy(self, busy: bool) -> None:
        """Let the button give up what goes on, or start anew."""
        self._is_busy = busy
        self.go.setText("Cancel" if busy else "Connect")
        self._edited()

    def set_profiles(self, names: tuple[str, ...]) -> None:
        """Offer the profiles there are; what is typed stays."""
        typed = self.profile.currentText()
        self.profile.clear()
        self.profile.addItems(names)
        self.profile.setEditText(typed)

    def show_history(self) -> None:
        """List the last addresses; what is typed stays."""
        self._known = history.addresses()
        typed = self.field.currentText()
        with signals_blocked(self.field):
            self.field.clear()
            self.field.addItems([address for address, _ in self._known])
            self.field.setEditText(typed)

    def _act(self, action: QAction) -> None:
        if action.data():
            self.fill_in(action.data())
        else:
            history.clear()
            self.show_history()

    def _pressed(self) -> None:
        if self._is_busy:
            self.cancelled.emit()
        else:
            self.ask()

    def _chosen(self, index: int) -> None:
        # No more than that: arrow keys, the wheel and leaving the field choose as well.
        if index < len(self._known):
            self.fill_in(*self._known[index])

    def _show_examples(self) -> None:
        self.menu.popup(self.examples.mapToGlobal(self.examples.rect().bottomLeft()))

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder to browse")
        if path:
            self.fill_in(path)
            self.ask()

    def _edited(self, *_: object) -> None:
        text = _as_pasted(self.field.currentText())
        self.go.setEnabled(self._is_busy or bool(text))
        for widget in (self.profile, self._profile_label):
            widget.setEnabled(_is_s3(text))


def dropped(data: QMimeData) -> str:
    """Give the one path or address that is dropped, as it is written; else nothing."""
    urls = data.urls()
    if len(urls) == 1 and urls[0].isLocalFile():
        return str(Path(urls[0].toLocalFile()))
    # As text where there is one: a QUrl has hosts in lower case, and a bucket is one to it.
    lines = [line.strip() for line in data.text().splitlines() if line.strip()]
    if len(lines) != 1:
        return urls[0].toString() if len(urls) == 1 else ""
    is_url = QUrl(lines[0]).scheme() in ("http", "https", "s3", "gs", "precomputed")
    return lines[0] if is_url else ""


def _as_pasted(text: str) -> str:
    """Take off what comes along with a path that is copied: spaces, quotes, a second line."""
    lines = text.strip().splitlines()
    line = lines[0].strip() if lines else ""
    for quote in ('"', "'"):
        if len(line) > 1 and line[0] == line[-1] == quote:
            return line[1:-1]
    return line


def _is_s3(text: str) -> bool:
    try:
        return is_url(text) and parse_location(text).scheme == "s3"
    except OpenError:
        return False
