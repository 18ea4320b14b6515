"""Opening what was chosen: read in a thread, then added to the viewer layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QMessageBox, QWidget

from napari_strata.dataset.entry import Cancel, Entry
from napari_strata.widgets.browser.adding import Adding
from napari_strata.widgets.browser.listing import key_of
from napari_strata.widgets.browser.opening import (
    FOLDERS_LEFT_OUT,
    MANY,
    Group,
    members,
    read_entries,
    read_group,
    read_segment_of,
)
from napari_strata.widgets.browser.reading import Reading
from napari_strata.widgets.telling import notify

if TYPE_CHECKING:
    from napari_strata.layers.build import Built

_OPENING = "opening"


class Opener(QObject):  # type: ignore[misc]
    """Opens entries of a container in a viewer; what is being opened is not opened twice."""

    said = Signal(str, str)
    """A sentence, or an empty one to take the last away, and how bad it is."""

    def __init__(self, viewer: Any, reading: Reading, window: QWidget) -> None:
        super().__init__(window)
        self._reading = reading
        self._window = window
        self.adding = Adding(viewer, self)

    @property
    def is_busy(self) -> bool:
        """Whether something is being read or added."""
        return self.adding.is_busy or any(map(_is_opening, self._reading.awaited()))

    def cancel(self) -> None:
        """Give up what is being opened; layers that are there stay."""
        self.adding.stop()
        self._reading.forget(_is_opening)

    def open_entries(self, entries: Sequence[Entry]) -> None:
        """Open entries as layers; a group as if it had been dropped."""
        if not entries or (len(entries) > MANY and not self._agreed(len(entries), "entries")):
            return
        subject = (_OPENING, *map(key_of, entries))
        self._open(subject, lambda cancel: read_entries(entries, cancel))

    def open_group(self, entry: Entry) -> None:
        """Open everything directly in an entry."""
        subject = (_OPENING, "all", key_of(entry))
        if subject in self._reading.awaited():
            return
        self.said.emit("", "error")

        def done(group: Group) -> None:
            count = len(group.members)
            if count <= MANY or self._agreed(count, f"entries of {entry.name}"):
                self._open(subject, lambda cancel: read_group(group, cancel))

        self._reading.run(subject, lambda cancel: members(entry, cancel), done, self._failed)

    def open_segment(self, folder: Entry, segment: int) -> None:
        """Open the mesh of a segment, listed or not."""
        subject = (_OPENING, "segment", segment, key_of(folder))
        self._open(subject, lambda cancel: read_segment_of(folder, segment, cancel))

    def _open(self, subject: tuple[object, ...], work: Callable[[Cancel], Built]) -> None:
        if subject in self._reading.awaited():
            return
        self.said.emit("", "error")

        def done(built: Built) -> None:
            self.adding.add(built.layers)
            notify(replace(built, images_left_out=0, geometries_left_out=0, mesh_folders=()))
            self.said.emit(" ".join(_left(built)), "info")

        self._reading.run(subject, work, done, self._failed)

    def _failed(self, message: str) -> None:
        self.said.emit(message, "error")

    def _agreed(self, count: int, what: str) -> bool:
        """Ask whether so many layers are wanted."""
        answer = QMessageBox.question(
            self._window,
            "Open many layers",
            f"Open {count:,} {what} as layers? With many layers napari becomes slow.",
        )
        return bool(answer == QMessageBox.StandardButton.Yes)


def _left(built: Built) -> Iterator[str]:
    """Say what was not opened, and how it is from here."""
    left_out = {"images": built.images_left_out, "geometries": built.geometries_left_out}
    for what, count in left_out.items():
        if count:
            yield (
                f"It holds {count:,} more {what} than were opened. Open all in this group opens "
                "everything that is directly in a group."
            )
    for problem in built.problems:
        if problem.code == FOLDERS_LEFT_OUT:
            yield f"{problem}."
    for folder in built.mesh_folders:
        yield (
            f"{folder.name} holds many meshes: select it and type the id of a segment, or open "
            "segments that are listed in it."
        )


def _is_opening(subject: object) -> bool:
    return isinstance(subject, tuple) and bool(subject) and subject[0] == _OPENING
