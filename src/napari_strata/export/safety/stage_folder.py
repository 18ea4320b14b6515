"""Making a folder beside its target, and putting it in place once it is whole.

Beside ``NAME`` there is ``.NAME.partial`` while an export is under way or after it was broken off:

    .NAME.partial/NAME          what is written; holds nothing else
    .NAME.partial/journals/     which of its blocks are finished
    .NAME.partial/export.json   what is written there; by it a folder is known to be ours
    .NAME.partial/lock          held while somebody writes
    .NAME.partial/replaced      for a moment, what was at the target

The target is touched in one step, after everything was written and checked. What it replaces is
removed after that.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from napari_strata.export.errors import ExportError
from napari_strata.export.safety.exchange import move_to_free_name, put_in_place
from napari_strata.export.safety.lock import Lock
from napari_strata.export.safety.partial import (
    ASIDE,
    JOURNALS,
    LOCK,
    NOTE,
    PROGRAM,
    Note,
    foreign_in_partial,
    partial_of,
    program,
    read_note,
    write_note,
)
from napari_strata.model import Problem

_LOCK_FILE = ".__lock"  # what tensorstore has beside a file while it writes that


class LeftoverError(ExportError):
    """A leftover of an earlier export is beside the target, and nothing was said about it."""


class Stage:
    """A folder that is being made; see `staged`.

    Attributes
    ----------
    folder : to write to; it may hold what an earlier export wrote.
    journals : for notes about what is finished, outside of ``folder``.
    is_placed : whether it is at its target; then there is nothing left to write.
    is_resumed : whether it holds what an earlier export wrote.
    problems : what went wrong without harm.
    """

    def __init__(self, target: Path, check: Callable[[], None]) -> None:
        self.target = target
        self.partial = partial_of(target)
        self.folder = self.partial / target.name
        self.journals = self.partial / JOURNALS
        self.is_placed = False
        self.is_resumed = False
        self.problems: tuple[Problem, ...] = ()
        self._check = check
        self._note = Note(target.name, {})

    def place(self) -> None:
        """Put the finished folder at its target.

        Raises
        ------
        ExportError : what is at the target now must not be replaced.
        OSError : it cannot be put there. The target is as before then.
        """
        self._check()
        write_note(self.partial, self._note.about_to_place(self.folder))
        put_in_place(self.folder, self.target, self.partial / ASIDE)
        self.is_placed = True

    def sweep(self) -> None:
        """Remove the lock files of writers that were killed.

        Raises
        ------
        OSError : one cannot be removed.
        """
        for folder, _, names in os.walk(self.folder):
            for name in names:
                if name.endswith(_LOCK_FILE):
                    os.unlink(os.path.join(folder, name))

    def begin(self, told: Mapping[str, str], *, resume: bool, discard: bool) -> None:
        """Make the folders, or take up those that are there.

        Raises
        ------
        LeftoverError : there are some, and neither ``resume`` nor ``discard`` was said.
        ExportError : what is there is of another export, or is not ours.
        OSError : they cannot be made.
        """
        note = read_note(self.partial)
        if note is not None:
            note = self._put_right(note)
        if note is None:
            self._start(told)
        elif self.is_placed:
            self._take_placed(note, told, resume=resume)
        elif resume:
            self._take_up(note, told)
        elif discard:
            self._clear()
            self._start(told)
        else:
            raise LeftoverError(
                f"an export to {self.target} was broken off, {self.partial} is left of it; "
                "resume it, or restart to discard it"
            )

    def remove(self) -> None:
        """Remove all that is beside the target; what cannot be removed becomes a problem."""
        try:
            self._clear()
        except OSError as error:
            self._remains(error)

    def _start(self, told: Mapping[str, str]) -> None:
        if os.path.lexists(self.folder) or os.path.lexists(self.journals):
            raise ExportError(
                f"{self.partial} has no {NOTE}, so it may not be ours; look at it and remove it"
            )
        self._check()
        self._note = Note(self.target.name, dict(told))
        try:
            write_note(self.partial, self._note)
            self.journals.mkdir()
            self.folder.mkdir()
        except BaseException:
            self.remove()  # nothing is in it yet
            raise

    def _take_up(self, note: Note, told: Mapping[str, str]) -> None:
        difference = note.difference(told)
        if difference is not None:
            raise ExportError(
                f"what was begun in {self.partial} is another export and cannot be resumed: "
                f"{difference}"
            )
        self._check()
        self._note = note
        self.is_resumed = True
        self.journals.mkdir(exist_ok=True)
        self.folder.mkdir(exist_ok=True)

    def _take_placed(self, note: Note, told: Mapping[str, str], *, resume: bool) -> None:
        """Finish what an export did not get to after its folder was in place: removing."""
        self._clear()
        if resume and note.difference(told) is None:
            return
        self.is_placed = False
        self._start(told)

    def _put_right(self, note: Note) -> Note:
        """Undo or complete what was broken off while a folder was put in place.

        Raises
        ------
        ExportError : it cannot be told which of two folders is the new one.
        """
        if not note.placing:
            return note
        aside = self.partial / ASIDE
        if _number(self.target) == note.placing:
            self.is_placed = True
            return note
        if _number(self.folder) != note.placing and os.path.lexists(self.folder):
            raise ExportError(
                f"an export was broken off while it was put in place, and whether {self.folder} is "
                f"the new one or the old one cannot be told; look at it, then remove {self.partial}"
            )
        if os.path.lexists(aside) and not os.path.lexists(self.target):
            move_to_free_name(aside, self.target)
        note = replace(note, placing=0)
        write_note(self.partial, note)
        return note

    def _clear(self) -> None:
        """Remove everything but the lock; journals first, so that none tells of what is gone."""
        for name in (JOURNALS, self.target.name, ASIDE):
            path = self.partial / name
            if os.path.lexists(path):
                shutil.rmtree(path)
        for name in (f"{NOTE}.new", NOTE):
            (self.partial / name).unlink(missing_ok=True)

    def _remains(self, error: OSError) -> None:
        message = f"could not be removed: {error.strerror or error}"
        problem = Problem("leftover-not-removed", "warning", str(self.partial), message)
        self.problems = (*self.problems, problem)


@contextmanager
def staged(
    target: Path,
    told: Mapping[str, str],
    *,
    check: Callable[[], None],
    resume: bool = False,
    discard: bool = False,
    keep: bool = True,
) -> Iterator[Stage]:
    """Give a folder to write to; `Stage.place` puts it at the target.

    Parameters
    ----------
    target : real path, see `napari_strata.export.safety.place.local_target`.
    told : the plan in words, by what each is about: it must be the same to be resumed.
    check : refuses the target by raising; asked before the first and before the last step.
    resume : go on with what an earlier export left, if it left something.
    discard : remove what an earlier export left.
    keep : whether what was written so far is left if this is broken off. A process that is killed
        leaves it always.

    Raises
    ------
    Locked : another export to the target is under way.
    LeftoverError, ExportError, OSError : see `Stage.begin`. The target is as before whatever is
        raised, also by the caller.
    """
    stage = Stage(target, check)
    told = {**told, PROGRAM: program()}
    lock = _enter(stage)
    try:
        stage.begin(told, resume=resume, discard=discard)
        try:
            yield stage
        finally:
            if stage.is_placed or not keep:
                stage.remove()
    finally:
        lock.release()
        with suppress(OSError):  # it is not empty where something is kept
            stage.partial.rmdir()


def leftover(target: Path) -> Path | None:
    """Return what an export to a target has left, or is writing; None if there is nothing."""
    partial = partial_of(target)
    return partial if os.path.isfile(partial / NOTE) else None


def _enter(stage: Stage) -> Lock:
    """Make the folder beside the target, and take its lock."""
    partial = stage.partial
    while True:
        with suppress(FileExistsError):
            partial.mkdir()
        try:
            if not stat.S_ISDIR(os.lstat(partial).st_mode):
                raise ExportError(f"{partial} is in the way and is no folder")
            foreign = foreign_in_partial(partial, stage.target.name)
            if foreign is not None:
                raise ExportError(f"{partial} is in the way; it holds {foreign}, which is not ours")
            return Lock(partial / LOCK)
        except FileNotFoundError:
            if not partial.parent.is_dir():
                raise
            # Who was there has just removed it.


def _number(path: Path) -> int | None:
    """Return a folder's number on its disk; None if it is not there."""
    try:
        return os.lstat(path).st_ino
    except OSError:
        return None
