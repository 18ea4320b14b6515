"""The form of a folder of meshes, one a segment: which folder, which segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from qtpy.QtCore import QRegularExpression, QSortFilterProxyModel, QStringListModel, Signal
from qtpy.QtGui import QRegularExpressionValidator
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_strata.dataset import Geometry
from napari_strata.layers.geometry.address import Address
from napari_strata.model import OpenError
from napari_strata.widgets.problem_list import ProblemList, Sentence, quiet_text

_NOT_LISTED = "segments-not-listed"
_LARGEST_ID = 2**64 - 1
_ROWS_SHOWN = 6
_DIGITS = QRegularExpression("[0-9]{1,20}")


@dataclass(frozen=True)
class OpenedFolder:
    """A folder of meshes, and how it was opened."""

    address: Address
    geometry: Geometry
    ids: list[str] = field(default_factory=list)


class MeshFolder(QWidget):  # type: ignore[misc]
    """Lets a folder be chosen, and a segment in it."""

    folder_asked = Signal(object)
    """An `Address`."""
    segment_asked = Signal(object, object)
    """An `OpenedFolder` and an id, which Qt's integers are too small for."""
    label_asked = Signal(object)
    """An `OpenedFolder`; the selected label is wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folders: tuple[OpenedFolder, ...] = ()
        self._known: tuple[Address, ...] = ()
        self._asked: Address | None = None
        self._make_fields()
        self._make_list()
        self._lay_out()
        self._connect()
        self._show_folder()

    def _make_fields(self) -> None:
        self.path = QComboBox()
        self.path.setEditable(True)
        self.path.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.path.setCompleter(None)  # it would change the case of what is typed
        self.path.setToolTip("Path or URL of a folder of meshes, or of the volume they belong to")
        self.path.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.path.lineEdit().setPlaceholderText("Path or URL, then Enter")
        self.browse = QPushButton("…")
        self.browse.setAccessibleName("Browse")
        self.browse.setToolTip("Choose a folder on this computer")
        self.which = QComboBox()
        self.which.setToolTip("Which of the folders of meshes found there")
        self.about = quiet_text("")
        self.segment = QLineEdit()
        self.segment.setPlaceholderText("Segment id")
        self.segment.setToolTip("The id of a segment; typing also narrows the list below")
        self.segment.setValidator(QRegularExpressionValidator(_DIGITS, self.segment))
        self.add = QPushButton("Add")
        self.add.setToolTip("Add the mesh of this segment as a layer")
        self.label = QPushButton("Add the selected label")
        self.label.setToolTip("Add the mesh of the label that is selected in the Labels layer")
        self.message = Sentence()
        self.problems = ProblemList()

    def _make_list(self) -> None:
        self._ids = QStringListModel(self)
        self._found = QSortFilterProxyModel(self)
        self._found.setSourceModel(self._ids)
        self.list = QListView()
        self.list.setModel(self._found)
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setToolTip("The segments that are listed; a double click adds one")
        self.list.setFixedHeight(_ROWS_SHOWN * (self.list.fontMetrics().height() + 6))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        where = QHBoxLayout()
        where.addWidget(self.path, 1)
        where.addWidget(self.browse)
        column.addLayout(where)
        column.addWidget(self.which)
        column.addWidget(self.about)
        row = QHBoxLayout()
        row.addWidget(self.segment, 1)
        row.addWidget(self.add)
        column.addLayout(row)
        for widget in (self.label, self.list, self.message, self.problems):
            column.addWidget(widget)
        chain = [self.path, self.browse, self.which, self.segment, self.add, self.label, self.list]
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self.path.activated.connect(self._chosen)
        self.path.lineEdit().returnPressed.connect(self._entered)
        self.browse.clicked.connect(self._browse)
        self.which.activated.connect(self._show_folder)
        self.segment.textEdited.connect(self._found.setFilterFixedString)
        self.segment.returnPressed.connect(self._ask_segment)
        self.add.clicked.connect(self._ask_segment)
        self.label.clicked.connect(self._ask_label)
        self.list.clicked.connect(self._take_from_list)
        self.list.activated.connect(self._add_from_list)

    def set_known(self, addresses: Sequence[Address]) -> None:
        """Offer where the viewer's layers come from; what is typed stays."""
        if self._known == tuple(addresses):
            return
        self._known = tuple(addresses)
        typed = self.path.currentText()
        with signals_blocked(self.path):
            self.path.clear()
            self.path.addItems([each.dataset for each in addresses])
            self.path.setEditText(typed)

    def open_address(self, address: Address) -> None:
        """Fill in what is to be opened and ask for what is there."""
        self.path.setEditText(address.dataset)
        self.say("")
        self._asked = address
        self.folder_asked.emit(address)

    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder of meshes")
        if path:
            self.open_address(Address(path))

    def _entered(self) -> None:
        if self.path.findText(self.path.currentText()) < 0:  # else it is activated
            path = self.path.currentText().strip()
            if path:
                again = self._asked is not None and self._asked.dataset == path
                self.open_address(self._asked if again and self._asked else Address(path))

    def _chosen(self, index: int) -> None:
        if index < len(self._known):
            self.open_address(self._known[index])

    def set_folders(self, folders: Sequence[OpenedFolder], chosen: str = "") -> None:
        """Show what was found; the one at the path ``chosen``, else the first."""
        self._folders = tuple(folders)
        self.which.clear()
        self.which.addItems([each.geometry.name for each in folders])
        places = [each.address.geometry for each in folders]
        self.which.setCurrentIndex(places.index(chosen) if chosen in places else 0)
        self._show_folder()

    @property
    def folder(self) -> OpenedFolder | None:
        """The one that is chosen, if one is open."""
        index = self.which.currentIndex()
        return self._folders[index] if 0 <= index < len(self._folders) else None

    def _show_folder(self) -> None:
        folder = self.folder
        self.which.setVisible(len(self._folders) > 1)
        for widget in (self.segment, self.add, self.label):
            widget.setVisible(folder is not None)
        ids = [] if folder is None else folder.ids
        self._ids.setStringList(ids)
        self._found.setFilterFixedString("")
        self.segment.clear()
        self.list.setVisible(bool(ids))
        self.about.setText(_about(folder))
        self.problems.set_problems(
            []
            if folder is None
            else [
                {"severity": p.severity, "where": p.where, "message": p.message}
                for p in folder.geometry.model.problems
            ]
        )

    def _take_from_list(self, index: Any) -> None:
        self.segment.setText(index.data())

    def _add_from_list(self, index: Any) -> None:
        self._take_from_list(index)
        self._ask_segment()

    def _ask_segment(self) -> None:
        text, folder = self.segment.text(), self.folder
        if folder is None:
            return
        if not text:
            self.say("Type the id of a segment, or choose one from the list.")
            return
        self.ask(folder, int(text))

    def ask(self, folder: OpenedFolder, segment: int) -> None:
        """Ask for a segment, if it can be one."""
        if not 0 < segment <= _LARGEST_ID:
            self.say(
                "0 is the background: it has no mesh."
                if segment == 0
                else f"{segment:,} is no id of a segment: they go from 1 to {_LARGEST_ID:,}."
            )
            return
        self.say("")
        self.segment_asked.emit(folder, segment)

    def _ask_label(self) -> None:
        if self.folder is not None:
            self.label_asked.emit(self.folder)

    def say(self, message: str, severity: str = "error") -> None:
        """Show a sentence, or take it away if it is empty."""
        self.message.say(message, severity)


def _about(folder: OpenedFolder | None) -> str:
    if folder is None:
        return "Meshes of a segmentation are added one by one, by the id of their segment."
    if folder.geometry.segments is None:
        return "Its segments cannot be listed: type the id of one."
    count = len(folder.ids)
    return f"{count:,} {'segment' if count == 1 else 'segments'} listed."


def open_folders(address: Address) -> list[OpenedFolder]:
    """Open a dataset as it was opened and give the folders of meshes in it; reads metadata.

    They lie where the dataset says. What is listed of the one that is asked for are all its
    segments, also where the dataset lists none.

    Raises
    ------
    OpenError
        If the dataset cannot be opened.
    ValueError
        If there is no folder of meshes, or none where it should be.
    """
    found = address.open()
    folders = []
    for each in found.geometries:
        if each.model.folder is None:
            continue
        own = Address(found.path, each.path, address.choices)
        geometry = _listed(own, each) if each.path == address.geometry else each
        ids = [str(segment) for segment in geometry.segments or ()]
        folders.append(OpenedFolder(own, geometry, ids))
    missed = address.geometry and address.geometry not in [x.address.geometry for x in folders]
    if missed or not folders:
        raise ValueError(f"There is no folder of meshes at {address.path}.")
    return folders


def _listed(address: Address, geometry: Geometry) -> Geometry:
    """List the segments of a folder that lists them only where it is opened by itself."""
    if geometry.segments is not None or not geometry.path:
        return geometry
    try:
        alone = Address(address.path, choices=address.choices).open().geometries
    except OpenError:
        return geometry  # which says itself that its segments are not listed
    ids = next((x.segments for x in alone if x.model.folder is not None and not x.path), None)
    if ids is None:
        return geometry
    problems = tuple(p for p in geometry.model.problems if p.code != _NOT_LISTED)
    return Geometry(replace(geometry.model, segments=ids, problems=problems))
