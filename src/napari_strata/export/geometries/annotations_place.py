"""Putting a dataset and the annotations beside it in place together.

No system exchanges two folders in one step. The annotations go first, the dataset last; what is
killed in between is undone before the next export to that place, so that a dataset never keeps
annotations of an export that was not finished.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from napari_strata.export.geometries.annotations_manifest import check_replaceable, read_manifest
from napari_strata.export.safety.exchange import move_to_free_name, put_in_place, sync_folder
from napari_strata.export.safety.lock import Lock
from napari_strata.export.safety.partial import (
    ASIDE,
    JOURNALS,
    LOCK,
    NOTE,
    partial_of,
    read_note,
    write_note,
)
from napari_strata.export.safety.place import check_target
from napari_strata.export.safety.stage_folder import Stage, staged
from napari_strata.formats.annotations_beside import name_beside

_DATASET = "dataset"
"""What the note says: the number on its disk (inode) of the dataset the annotations are for."""


def folder_beside(dataset: Path) -> Path:
    """Return the folder for the annotations of a dataset."""
    return dataset.with_name(name_beside(dataset.name))


def check_folder(dataset: Path, *, replace: bool) -> None:
    """Refuse annotations beside a dataset where something else is.

    Raises
    ------
    ExportError : annotations are there and replacing was not asked for, or something else is.
    """
    folder = folder_beside(dataset)
    check_target(
        folder, replace=replace, may_replace=lambda found: check_replaceable(found, dataset.name)
    )


@contextmanager
def staged_beside(dataset: Stage, *, replace: bool) -> Iterator[Stage]:
    """Give a folder to write annotations to; `place_both` puts it beside the dataset.

    Nothing is left of it where this is broken off; a process that is killed leaves it.

    Raises
    ------
    ExportError, OSError : see `napari_strata.export.safety.stage_folder.staged`.
    """
    told = {_DATASET: str(os.lstat(dataset.folder).st_ino)}
    target = folder_beside(dataset.target)
    with staged(
        target,
        told,
        check=lambda: check_folder(dataset.target, replace=replace),
        discard=True,
        keep=False,
    ) as stage:
        yield stage


def place_both(annotations: Stage, dataset: Stage) -> None:
    """Put annotations and then their dataset in place; neither if that fails.

    Raises
    ------
    ExportError, OSError : one cannot be put there. Both targets are as before then.
    """
    annotations.place()
    try:
        dataset.place()
    except BaseException:
        if not dataset.is_placed:
            _take_back(annotations.target, annotations.partial)
            annotations.is_placed = False
        raise


def settle(dataset: Path) -> None:
    """Undo, or tidy up, what a killed process left of annotations beside a dataset.

    Where the dataset they were for is in its place, both are, and only leftovers are removed.

    Raises
    ------
    ExportError : another export to that place is under way, or the leftover is not ours.
    OSError : what is there cannot be moved.
    """
    target = folder_beside(dataset)
    partial = partial_of(target)
    if not os.path.isfile(partial / NOTE):
        return
    lock = Lock(partial / LOCK)
    try:
        note = read_note(partial)
        if note is None or not note.placing or _number(target) != note.placing:
            return  # the next export discards it, or puts it right
        if str(_number(dataset)) != note.told.get(_DATASET):
            _take_back(target, partial)
            write_note(partial, replace(note, placing=0))
            return
        for name in (JOURNALS, target.name, ASIDE):
            if os.path.lexists(partial / name):
                shutil.rmtree(partial / name)
        (partial / NOTE).unlink()
    finally:
        lock.release()
        with suppress(OSError):  # something is kept in it
            partial.rmdir()


def are_ours(folder: Path) -> bool:
    """Tell whether a folder holds annotations that are opened with a dataset beside it."""
    return read_manifest(folder) is not None


def _take_back(target: Path, partial: Path) -> None:
    """Move placed annotations back to where they were made, and what they replaced to its place."""
    made, aside = partial / target.name, partial / ASIDE
    if os.path.lexists(made):  # they were exchanged
        put_in_place(made, target, aside)
        if os.path.lexists(aside):
            os.rename(aside, made)
        return
    move_to_free_name(target, made)
    if os.path.lexists(aside):
        move_to_free_name(aside, target)
    sync_folder(target.parent)


def _number(path: Path) -> int | None:
    try:
        return os.lstat(path).st_ino
    except OSError:
        return None
