"""Putting a folder where another may be, so that there always is a whole one."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_ONLY_IF_FREE, _EXCHANGE = 1, 2  # RENAME_NOREPLACE and RENAME_EXCHANGE, linux/fs.h
_HERE = -100  # AT_FDCWD, linux/fcntl.h


def put_in_place(new: Path, target: Path, aside: Path) -> None:
    """Put a folder at its target; what was there is afterwards at ``new`` or at ``aside``.

    In one step where the system can exchange two names; else what is there is moved aside first,
    so that for a moment the target is missing. A caller that was killed in it finds the old one
    at ``aside``.

    Parameters
    ----------
    new, target, aside : on one filesystem; nothing is at ``aside``.

    Raises
    ------
    OSError : it cannot be put there; everything is as before then.
    """
    if not os.path.lexists(target):
        move_to_free_name(new, target)
    elif not _rename_linux(new, target, _EXCHANGE):
        os.rename(target, aside)
        try:
            move_to_free_name(new, target)
        except OSError:
            os.rename(aside, target)
            raise
    sync_folder(target.parent)


def move_to_free_name(path: Path, target: Path) -> None:
    """Rename; what is at the target in the last moment is not overwritten where the system can.

    Raises
    ------
    OSError : something is there, or it cannot be moved.
    """
    if _rename_linux(path, target, _ONLY_IF_FREE):
        return
    if os.path.lexists(target):
        raise FileExistsError(f"{target} is there already")
    os.rename(path, target)


def sync_folder(folder: Path) -> None:
    """Have a folder's names on the disk, where the system can say so."""
    if sys.platform == "win32":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network filesystems cannot; names are safe there once they are given
    finally:
        os.close(handle)


def _rename_linux(path: Path, target: Path, flag: int) -> bool:
    """Rename as the flag says; False where it was not done."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(_HERE, os.fsencode(path), _HERE, os.fsencode(target), flag) == 0)
