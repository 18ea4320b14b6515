"""One export to a target at a time: a lock that a killed process gives back by itself."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from napari_strata.export.errors import ExportError

_held: set[str] = set()  # of this process: some systems grant a process its own lock twice
_guard = threading.Lock()


class Locked(ExportError):
    """Another export to the same target is under way."""


class Lock:
    """Holds a file until `release`; the file says which process does.

    The operating system's lock on the file counts, which ends with the process however that
    ends. Where a filesystem has none, the process that is named in the file counts: it is asked
    whether it still runs if it is one of this computer.

    Raises
    ------
    Locked : somebody else holds it.
    OSError : the file cannot be written.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._name = os.path.realpath(file)
        with _guard:
            if self._name in _held:
                raise Locked(_message(file, {"pid": os.getpid(), "host": socket.gethostname()}))
            _held.add(self._name)
        self._handle = -1
        try:
            self._take()
        except BaseException:
            self._close()
            raise

    def release(self) -> None:
        """Remove the file and let others have it."""
        if self._handle < 0:
            return
        if sys.platform == "win32":  # an open file cannot be removed there
            self._close()
            self._file.unlink(missing_ok=True)
        else:
            self._file.unlink(missing_ok=True)
            self._close()

    def _take(self) -> None:
        while True:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            self._handle = os.open(self._file, flags, 0o644)
            known = _try_lock(self._handle)
            holder = _holder(self._handle)
            if known is False or (known is None and _may_run(holder)):
                raise Locked(_message(self._file, holder))
            if self._is_still_there():
                break
            os.close(self._handle)  # who held it has just removed it
            self._handle = -1
        told = {"pid": os.getpid(), "host": socket.gethostname()}
        os.ftruncate(self._handle, 0)
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, json.dumps(told).encode())

    def _is_still_there(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._handle), os.stat(self._file))
        except OSError:
            return False

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        with _guard:
            _held.discard(self._name)


def _try_lock(handle: int) -> bool | None:
    """Lock a file; False if somebody else has it, None if this filesystem has no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, 1 << 20, os.SEEK_SET)  # past the text, which others may read
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


def _holder(handle: int) -> dict[str, Any]:
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        value = json.loads(os.read(handle, 4096))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _may_run(holder: dict[str, Any]) -> bool:
    """Tell whether the process that wrote a file may still be there."""
    pid = holder.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return False
    if holder.get("host") != socket.gethostname() or sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _message(file: Path, holder: dict[str, Any]) -> str:
    who = f"process {holder['pid']} on {holder.get('host')}" if "pid" in holder else "a process"
    return f"{who} is writing the same export; its lock is {file}"
