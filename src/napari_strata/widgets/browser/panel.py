"""The browser: what is in a container, before and while it is opened in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from napari_strata.dataset.browse import browse
from napari_strata.dataset.entry import Cancel, Entry
from napari_strata.dataset.thumbnail import Thumbnail, thumbnail
from napari_strata.store.aws import profiles
from napari_strata.widgets.browser import history
from napari_strata.widgets.browser.address import AddressForm, dropped
from napari_strata.widgets.browser.details import PICTURE, Details
from napari_strata.widgets.browser.entry_model import EntryModel
from napari_strata.widgets.browser.listing import Key, key_of
from napari_strata.widgets.browser.opener import Opener
from napari_strata.widgets.browser.reading import Reading
from napari_strata.widgets.browser.row import Row
from napari_strata.widgets.browser.segment_field import SegmentField
from napari_strata.widgets.browser.tree_view import EntryTree
from napari_strata.widgets.docked import DockedPanel
from napari_strata.widgets.problem_list import Sentence

if TYPE_CHECKING:
    from napari.viewer import Viewer

_CONNECTING, _PICTURE = "connecting", "picture"
_PAUSE = 150  # milliseconds before what is typed is looked for, or a selected image is read


class BrowserPanel(DockedPanel):
    """Connects to a container, shows it as a tree, and opens what is chosen in it."""

    dock_name = "Browser (Strata)"
    preferred_height = 640

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.reading = Reading(self)
        self.opener = Opener(self.viewer, self.reading, self)
        self.model = EntryModel(self.reading, self)
        self._pictures: dict[Key, Thumbnail | str] = {}
        self._kept: set[Key] = set()
        self._make()
        self._lay_out()
        self._connect()
        self._theme()
        self._select()
        self._show_busy()
        self.reading.run("profiles", lambda _: profiles(), self.address.set_profiles, self._say)
        self.setAcceptDrops(True)

    # ------------------------------------------------------------------------------ making

    def _make(self) -> None:
        self.address = AddressForm()
        self.message = Sentence()
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by name")
        self.filter.setClearButtonEnabled(True)
        self.filter.setToolTip("Lists only what has this in its name; folders that are open stay")
        self.tree = EntryTree(self.model)
        self.details = Details()
        self.segment = SegmentField()
        self.open_button = QPushButton("Open")
        self.open_button.setToolTip("Add what is selected as layers; a double click does so too")
        self.all_button = QPushButton("Open all in this group")
        self._soon_filter, self._soon_picture = QTimer(self), QTimer(self)
        for timer in (self._soon_filter, self._soon_picture):
            timer.setSingleShot(True)
            timer.setInterval(_PAUSE)

    def _lay_out(self) -> None:
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.details, 1)
        column.addWidget(self.segment)
        buttons = QHBoxLayout()
        buttons.addWidget(self.open_button, 1)
        buttons.addWidget(self.all_button, 2)
        column.addLayout(buttons)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.tree)
        split.addWidget(below)
        split.setStretchFactor(0, 1)
        content = QVBoxLayout()
        content.setContentsMargins(9, 0, 9, 9)
        for widget in (self.address, self.message, self.filter):
            content.addWidget(widget)
        content.addWidget(split, 1)
        # Otherwise napari puts an empty stretch below it.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.busy)
        whole.addLayout(content, 1)

    def _connect(self) -> None:
        self.address.asked.connect(self.connect_to)
        self.address.cancelled.connect(self.cancel)
        self.filter.textChanged.connect(self._typed)
        self._soon_filter.timeout.connect(self._narrow)
        self._soon_picture.timeout.connect(self._read_picture)
        self.tree.selectionModel().selectionChanged.connect(self._select)
        self.tree.selectionModel().currentChanged.connect(self._select)
        self.tree.opened.connect(self.open_selected)
        self.model.looked.connect(self._looked)
        self.model.modelReset.connect(self._select)
        self.model.modelAboutToBeReset.connect(self._keep)
        self.model.narrowed.connect(self._narrowed)
        self.model.failed.connect(self._say)
        self.segment.asked.connect(self._open_segment)
        self.open_button.clicked.connect(self.open_selected)
        self.all_button.clicked.connect(self.open_all)
        self.reading.changed.connect(self._show_busy)
        self.opener.adding.changed.connect(self._show_busy)
        self.viewer.events.theme.connect(self._theme)
        self.opener.said.connect(self._say)
        self.destroyed.connect(self.reading.stop)

    def _theme(self, _event: Any = None) -> None:
        self.model.set_theme(self.viewer.theme)

    # ---------------------------------------------------------------------------- connecting

    def connect_to(self, address: str, profile: str = "") -> None:
        """Look at what an address names, in a thread; what was shown before goes."""
        self.cancel()
        self._say("")
        self.filter.clear()
        self._soon_filter.stop()
        self.model.wanted = ""
        self.model.set_container(None)
        self._pictures.clear()
        self.address.fill_in(address, profile)

        def work(cancel: Cancel) -> tuple[Entry, str]:
            entry = browse(address, profile=profile or None, cancel=cancel)
            return entry, history.without_secrets(address)

        def done(found: tuple[Entry, str]) -> None:
            entry, kept = found
            history.remember(kept, profile)
            self.address.show_history()
            self.model.set_container(entry)
            root = self.model.index(0, 0)
            self.tree.expand(root)
            self.tree.setCurrentIndex(root)

        self.reading.run(_CONNECTING, work, done, self._say)

    def cancel(self) -> None:
        """Give up connecting and opening; layers that are there stay."""
        self.reading.forget(lambda subject: bool(subject == _CONNECTING))
        self.opener.cancel()
        self._show_busy()

    @property
    def is_busy(self) -> bool:
        """Whether something is being connected to or opened."""
        return self.opener.is_busy or _CONNECTING in self.reading.awaited()

    @property
    def is_settled(self) -> bool:
        """Whether nothing is read, nor about to be, until the user does something."""
        timers = self._soon_filter, self._soon_picture
        waiting = any(timer.isActive() for timer in timers) or not self.tree.is_settled
        return not (waiting or self.reading.awaited() or self.opener.is_busy)

    def _show_busy(self) -> None:
        self.busy.setVisible(self.opener.is_busy or bool(self.reading.awaited()))
        self.address.show_busy(self.is_busy)

    def _say(self, message: str, severity: str = "error") -> None:
        self.message.say(message, severity)

    def _typed(self, _text: str) -> None:
        self._soon_filter.start()

    def _narrow(self) -> None:
        self.model.narrow(self.filter.text())

    def _keep(self) -> None:
        """Note what is selected now: it may be another entry than when narrowing began."""
        self._kept = {key_of(row.entry) for row in self.tree.selected_rows()}

    def _narrowed(self) -> None:
        """Select again what was selected, as far as it is still listed."""
        self.tree.select_rows(r for r in self.model.shown() if key_of(r.entry) in self._kept)

    # ------------------------------------------------------------------- what is selected

    def _looked(self, row: Row) -> None:
        if row is self._only():
            self._select()
        elif self.tree.is_selected(row):
            self._show_buttons()

    def _only(self) -> Row | None:
        """Give the selected row, if it is only one."""
        return self.tree.selected_rows()[0] if self.tree.count_selected() == 1 else None

    def _select(self, *_: object) -> None:
        """Describe what is selected."""
        row, count = self._only(), self.tree.count_selected()
        if count > 1:
            self.details.show_several(count)
        else:
            self.details.show_entry(*((None, None) if row is None else (row.entry, row.total)))
            self._show_picture(row)
        folder = row is not None and row.entry.kind == "segments"
        self.segment.setVisible(folder)
        self._show_buttons()

    def _show_buttons(self) -> None:
        self.open_button.setEnabled(self.tree.count_selected() > 0)
        group = self._group()
        self.all_button.setEnabled(group is not None)
        name = "" if group is None else group.entry.name
        self.all_button.setToolTip(
            f"Add every image and geometry that is directly in {name}, with the labels of images"
            if name
            else "Select a group, or something in one"
        )

    def _group(self) -> Row | None:
        """Give the group that is meant: the selected one, or the one the selected entry is in."""
        row = self.tree.current_row()
        if row is None or not self.tree.is_selected(row):
            return None
        entry = row.entry
        is_group = entry.has_children and (entry.image is None or row.parent is None)
        return row if is_group else row.parent

    def _show_picture(self, row: Row | None) -> None:
        entry = None if row is None else row.entry
        known = None if entry is None else self._pictures.get(key_of(entry))
        self.reading.forget(lambda s: s == _PICTURE)
        self._soon_picture.stop()
        if known is not None:
            self.details.show_picture(known)
            return
        self.details.show_picture("")
        if entry is not None and entry.image is not None:
            self._soon_picture.start()

    def _read_picture(self) -> None:
        row = self._only()
        if row is None or row.entry.image is None:
            return
        entry, key, size = row.entry, key_of(row.entry), round(PICTURE * self.devicePixelRatioF())

        def done(made: Thumbnail | None) -> None:
            self._pictures[key] = "No preview" if made is None else made
            current = self._only()
            if current is not None and key_of(current.entry) == key:
                self.details.show_picture(self._pictures[key])

        self.reading.run(_PICTURE, lambda _: thumbnail(entry, size), done, self._say)

    # ------------------------------------------------------------------------------ opening

    def open_selected(self) -> None:
        """Open what is selected as layers; a group as if it had been dropped."""
        self.opener.open_entries([row.entry for row in self.tree.selected_rows()])

    def open_all(self) -> None:
        """Open everything directly in the group that is selected, or that the selected is in."""
        row = self._group()
        if row is not None:
            self.opener.open_group(row.entry)

    def _open_segment(self, segment: int) -> None:
        row = self._only()
        if row is not None:
            self.opener.open_segment(row.entry, segment)

    # ----------------------------------------------------------------------------- dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a folder or a link."""
        if dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Connect to what is dropped."""
        address = dropped(event.mimeData())
        if address:
            event.acceptProposedAction()
            self.connect_to(address)


def open_panel(viewer: Viewer, path: str | None = None, profile: str = "") -> BrowserPanel:
    """Open the panel in a viewer's window, or raise the one that is there.

    Parameters
    ----------
    path : what to browse, if that is known.
    profile : the AWS profile to read it by.
    """
    panel: BrowserPanel = BrowserPanel.open_in(viewer)
    if path is not None:
        panel.connect_to(path, profile)
    return panel
