"""Writing beside the target and putting it in place at the end, so that nothing is ever half there.

The store is written to ``.NAME.partial`` in the same folder, then renamed. A store that is
replaced is exchanged for the new one and removed last. A failure removes what was written; after a
crash ``.NAME.partial`` is left, which is never taken for a store by its name.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_EXCHANGE = 2  # RENAME_EXCHANGE, linux/fs.h
_HERE = -100  # AT_FDCWD, fcntl.h


@contextmanager
def staged(
    path: str | os.PathLike[str], *, replace: bool, is_ours: Callable[[Path], bool]
) -> Iterator[tuple[Path, Path]]:
    """Give the folder to write to, and the target's real path; put it in place at the end.

    Parameters
    ----------
    path : the target.
    is_ours : tells whether what is at the target is a store that may be replaced.

    Raises
    ------
    ValueError
        If the path is no local one.
    FileExistsError
        If something is at the target, unless it may be replaced; if another export, or what one
        that was broken off has left, is in the way.
    """
    target = _real(path)
    partial = target.with_name(f".{target.name}.partial")
    check_target(target, replace=replace, is_ours=is_ours)
    try:
        partial.mkdir()
    except FileExistsError:
        raise FileExistsError(
            f"{partial} is there: another export to {target} is under way, or one was broken off; "
            "if none is under way, remove it"
        ) from None
    try:
        yield partial, target
        check_target(target, replace=replace, is_ours=is_ours)
        _put_in_place(partial, target)
    finally:
        if partial.exists():
            shutil.rmtree(partial)


def _real(path: str | os.PathLike[str]) -> Path:
    text = os.fspath(path)
    if not isinstance(text, str) or "://" in text or not text.strip():
        raise ValueError(f"{text!r} is no local folder; only to those it is written")
    target = Path(os.path.realpath(os.path.expanduser(text)))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")
    return target


def check_target(target: Path, *, replace: bool, is_ours: Callable[[Path], bool]) -> None:
    """Refuse a target that is there, unless it may be replaced, and one inside a store.

    Raises
    ------
    FileExistsError, ValueError
        See `staged`.
    """
    inside = next((folder for folder in target.parents if is_ours(folder)), None)
    if inside is not None:
        raise ValueError(f"{target} is inside the store {inside}, which would no longer be one")
    if not os.path.lexists(target):
        return
    if not replace:
        raise FileExistsError(
            f"{target} is there already; it is only replaced if that is asked for"
        )
    if not is_ours(target):
        raise FileExistsError(
            f"{target} is there and is no store of this format alone; it is not replaced"
        )


def _put_in_place(partial: Path, target: Path) -> None:
    if not os.path.lexists(target):
        os.rename(partial, target)
    elif not _exchange(partial, target):
        _rename_twice(partial, target)


def _exchange(partial: Path, target: Path) -> bool:
    """Exchange two folders in one step; False where the system cannot (then nothing is done)."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if _is_linux() else None
    if rename is None:
        return False
    names = os.fsencode(partial), os.fsencode(target)
    return bool(rename(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0)


def _is_linux() -> bool:
    return hasattr(os, "uname") and os.uname().sysname == "Linux"


def _rename_twice(partial: Path, target: Path) -> None:
    """Move the old one aside and the new one in; the old one back if that fails."""
    old = target.with_name(f".{target.name}.old")
    os.rename(target, old)
    try:
        os.rename(partial, target)
    except OSError:
        os.rename(old, target)
        raise
    os.rename(old, partial)  # removed as what is left of the export
