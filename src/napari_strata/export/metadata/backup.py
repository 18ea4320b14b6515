"""Writing several metadata files all or none, with a backup that brings the old ones back.

Beside a container ``NAME`` there is ``NAME.metadata-backup/TIME/`` for each change: the files as
they were, below ``before/`` with ``.old`` behind their names, and ``record.json``, the journal:
which files, the checksums of their bytes before and after, and a state. ``begun`` is written
before the first file changes and ``done`` after the last: what was interrupted in between can be
undone, and nothing is changed on top of it. Each file is replaced in one step, so that no reader
sees half of one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.files import FileChange

SUFFIX = ".metadata-backup"
_RECORD = "record.json"
_BEFORE = "before"
_OLD = ".old"
_TEMPORARY = ".strata-new"


@dataclass(frozen=True)
class Backup:
    """One change that was made, or begun, and how to undo it.

    Attributes
    ----------
    state : ``begun`` if it was interrupted, ``done``, or ``restored``.
    files : for each path relative to the container's root, the checksums before and after;
        None where there was no file.
    """

    folder: Path
    state: str
    files: dict[str, tuple[str | None, str | None]]


def backups(root: Path) -> list[Backup]:
    """List the backups of a container, oldest first.

    Raises
    ------
    ExportError
        If one cannot be read.
    """
    folder = _folder(root)
    if not folder.is_dir():
        return []
    records = sorted(folder.glob(f"*/{_RECORD}"))
    return [_read(record) for record in records]


def apply(root: Path, changes: Sequence[FileChange]) -> Path:
    """Write files, all or none; returns the backup's folder.

    Raises
    ------
    ExportError
        If an earlier change was interrupted, a file is no longer what it was when the change
        was planned, or the storage refuses. Then every file is as it was.
    """
    _refuse_unfinished(root)
    for change in changes:
        _check_unchanged(root, change)
    try:
        folder = _save(root, changes)
    except OSError as error:
        raise ExportError(f"{_folder(root)}: the backup cannot be written: {error}") from None
    try:
        for change in changes:
            _stage(root / change.path, change.after)
        for change in changes:
            _put(root / change.path, change.after)
        _set_state(folder, "done")
    except OSError as error:
        restore(root, folder.name)
        raise ExportError(f"cannot be written: {error}; all files are as they were") from None
    return folder


def restore(root: Path, name: str | None = None, *, force: bool = False) -> Backup:
    """Bring back the files as they were before a change, by default the last that still holds.

    Parameters
    ----------
    name : of the backup's folder, a time.
    force : also where a file has been changed by others since.

    Raises
    ------
    ExportError
        If there is no such backup, or a file is neither as it was before nor as it was written.
    """
    found = backups(root)
    chosen = _chosen(root, found, name)
    contents = {path: _saved(chosen, path) for path in chosen.files}
    for path, (before, after) in chosen.files.items():
        data = contents[path]
        if (None if data is None else _sum(data)) != before:
            raise ExportError(f"{_copy_of(chosen.folder, path)}: is damaged; nothing is restored")
        if not force and _sum_of(root / path) not in (before, after):
            raise ExportError(
                f"{path}: has been changed since by someone else; nothing is restored "
                "(force overwrites it)"
            )
    changed = [p for p, (before, _) in chosen.files.items() if _sum_of(root / p) != before]
    try:
        for path in contents:  # what was staged and not put needs room that may be lacking
            _staged(root / path).unlink(missing_ok=True)
        for path in changed:
            _stage(root / path, contents[path])
        for path in changed:
            _put(root / path, contents[path])
    except OSError as error:
        raise ExportError(f"cannot be restored: {error}; try again") from None
    try:
        _set_state(chosen.folder, "restored")
    except OSError as error:
        raise ExportError(
            f"all files are as they were, but {chosen.folder / _RECORD} cannot say so: {error}; "
            "restore again"
        ) from None
    return chosen


def _folder(root: Path) -> Path:
    """Give the folder of backups: beside the container itself, not beside a link to it."""
    real = Path(os.path.realpath(root))
    return real.with_name(real.name + SUFFIX)


def _chosen(root: Path, found: Sequence[Backup], name: str | None) -> Backup:
    if name is not None:
        for backup in found:
            if backup.folder.name == name:
                return backup
        known = ", ".join(b.folder.name for b in found) or "none"
        raise ExportError(f"{_folder(root)}: no backup is called {name}; there are {known}")
    standing = [backup for backup in found if backup.state != "restored"]
    if not standing:
        raise ExportError(f"{root}: no change of its metadata is left to undo")
    return standing[-1]


def _refuse_unfinished(root: Path) -> None:
    for backup in backups(root):
        if backup.state == "begun":
            raise ExportError(
                f"{root}: an earlier change of its metadata was interrupted, or is being made "
                f"now; undo it first: napari-strata metadata restore {root}"
            )


def _check_unchanged(root: Path, change: FileChange) -> None:
    expected = None if change.before is None else _sum(change.before)
    if _sum_of(root / change.path) != expected:
        raise ExportError(f"{change.path}: was changed by someone else meanwhile; try again")


def _save(root: Path, changes: Sequence[FileChange]) -> Path:
    """Write the backup; its record, last, says that a change has begun."""
    _folder(root).mkdir(exist_ok=True)
    folder = _folder(root) / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    folder.mkdir()
    files: dict[str, Any] = {}
    for change in changes:
        if change.before is not None:
            saved = _copy_of(folder, change.path)
            saved.parent.mkdir(parents=True, exist_ok=True)
            _write(saved, change.before)
        sums = [None if data is None else _sum(data) for data in (change.before, change.after)]
        files[change.path] = sums
    _write_record(folder, {"container": root.name, "state": "begun", "files": files})
    _sync_folder(_folder(root))
    return folder


def _read(record: Path) -> Backup:
    try:
        value = json.loads(record.read_text(encoding="utf-8"))
        files = {str(path): (sums[0], sums[1]) for path, sums in value["files"].items()}
        return Backup(record.parent, str(value["state"]), files)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ExportError(f"{record}: cannot be read as the record of a backup: {error}") from None


def _saved(backup: Backup, path: str) -> bytes | None:
    if backup.files[path][0] is None:
        return None
    try:
        return _copy_of(backup.folder, path).read_bytes()
    except OSError as error:
        raise ExportError(f"{backup.folder}: cannot be read: {error}") from None


def _copy_of(folder: Path, path: str) -> Path:
    """Where a file's old bytes are; by its name nobody takes the copy for a dataset's."""
    return folder / _BEFORE / (path + _OLD)


def _set_state(folder: Path, state: str) -> None:
    value = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    _write_record(folder, {**value, "state": state})


def _write_record(folder: Path, value: dict[str, Any]) -> None:
    temporary = folder / (_RECORD + _TEMPORARY)
    _write(temporary, json.dumps(value, indent=2).encode())
    os.replace(temporary, folder / _RECORD)
    _sync_folder(folder)


def _stage(path: Path, data: bytes | None) -> None:
    """Write the new bytes beside the file, with its permissions."""
    if data is None:
        return
    temporary = _staged(path)
    _write(temporary, data)
    if path.exists():
        shutil.copymode(path, temporary)


def _staged(path: Path) -> Path:
    return path.with_name(path.name + _TEMPORARY)


def _put(path: Path, data: bytes | None) -> None:
    """Replace the file in one step by what was staged, or remove it."""
    if data is None:
        path.unlink(missing_ok=True)
    else:
        os.replace(_staged(path), path)
    _sync_folder(path.parent)


def _write(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows opens no folders
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sum_of(path: Path) -> str | None:
    try:
        return _sum(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ExportError(f"{path}: cannot be read: {error}") from None
