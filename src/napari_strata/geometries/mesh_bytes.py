"""Reading the files of a folder of meshes, whole or in parts, several at once."""

from __future__ import annotations

import posixpath
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from napari_strata.geometry import GeometryLocation
from napari_strata.model import OpenError, Problem

# What tensorstore's futures raise; its status codes map to these built-in classes.
_READ_ERRORS = (ValueError, OSError, IndexError, NotImplementedError, RuntimeError)
_AT_ONCE = 32
_PACKED = ".gz"
_PACKING_DRIVERS = ("file", "zip")  # servers tell packing beside the file, and it is undone
_MOST_UNPACKED = 2**29
_STEP = 2**22
_GZIP = 16 + zlib.MAX_WBITS
_LONGEST = 300

Span = tuple[int, int]
Wanted = tuple[str, Span | None]
"""A file in the folder, and the part of it (start, stop) in bytes; None is all of it."""
Longest = Callable[[bytes], int]
"""Says from the first bytes of a file how many it may have."""


class MeshFiles:
    """The files of one folder."""

    def __init__(self, location: GeometryLocation) -> None:
        self._location = location
        self._packing = location.kvstore.get("driver") in _PACKING_DRIVERS
        self._store: Any = None

    def where(self, name: str) -> str:
        """Name a file in a message."""
        return posixpath.join(posixpath.dirname(self._location.where), name)

    def failure(self, name: str, code: str, message: str) -> OpenError:
        """Make the error for a file."""
        return OpenError(Problem(code, "error", self.where(name), message))

    def read(self, name: str, span: Span | None = None) -> bytes | None:
        """Read a file or part of it; None if there is none.

        Raises
        ------
        OpenError
            If it cannot be read, or is shorter.
        """
        (data,) = self.read_many([(name, span)])
        if isinstance(data, OpenError):
            raise data
        return data

    def read_many(
        self, wanted: Iterable[Wanted], longest: Longest | None = None
    ) -> Iterator[bytes | OpenError | None]:
        """Read files or parts in order, some at once; the error of one does not stop the rest.

        ``longest`` limits those that are packed.
        """
        waiting: deque[tuple[Wanted, Any]] = deque()
        for each in wanted:
            waiting.append((each, self._start(each)))
            if len(waiting) >= _AT_ONCE:
                yield self._finish(*waiting.popleft(), longest)
        while waiting:
            yield self._finish(*waiting.popleft(), longest)

    def _start(self, wanted: Wanted) -> Any:
        name, span = wanted
        try:
            if span is None:
                return self._open().read(name)
            return self._open().read(name, byte_range=slice(*span))
        except _READ_ERRORS as error:  # a name the storage does not allow
            return error

    def _open(self) -> Any:
        if self._store is None:
            import tensorstore as ts

            self._store = ts.KvStore.open(dict(self._location.kvstore)).result()
        return self._store

    def _finish(
        self, wanted: Wanted, future: Any, longest: Longest | None
    ) -> bytes | OpenError | None:
        name, span = wanted
        if isinstance(future, Exception):
            return self._unreadable(name, future)
        try:
            result = future.result()
            if result.state == "missing":
                alone = span is None and self._packing
                return self._packed(name, longest) if alone else None
            data: bytes = result.value
            return data
        except OpenError as error:
            return error
        except _READ_ERRORS as error:
            if span is not None and "OUT_OF_RANGE" in str(error):
                message = f"found its end, expected bytes {span[0]} to {span[1]} of it"
                return self.failure(name, "truncated", message)
            return self._unreadable(name, error)

    def _packed(self, name: str, longest: Longest | None) -> bytes | None:
        """Read a file as cloud-volume packs it on a disk."""
        result = self._open().read(name + _PACKED).result()
        if result.state == "missing":
            return None
        try:
            return unpacked(result.value, longest)
        except ValueError as error:
            message = f"cannot be unpacked: {error}"
            raise self.failure(name + _PACKED, "truncated", message) from None

    def _unreadable(self, name: str, error: Exception) -> OpenError:
        reason = " ".join(str(error).split())[:_LONGEST] or type(error).__name__
        return self.failure(name, "unreadable", f"cannot be read: {reason}")


def unpacked(data: bytes, longest: Longest | None = None) -> bytes:
    """Undo gzip.

    Parameters
    ----------
    longest : says from how it starts how many bytes it may have; at most 512 MiB in any case.

    Raises
    ------
    ValueError
        If it is none, or what is in it is far too large.
    """
    unpacker = zlib.decompressobj(_GZIP)
    parts: list[bytes] = []
    most, length, rest = _MOST_UNPACKED, 0, data
    while not unpacker.eof:
        try:
            part = unpacker.decompress(rest, _STEP)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        if not (part or unpacker.eof):
            raise ValueError("it is cut off")
        if not parts and longest is not None:
            most = min(most, longest(part))
        parts.append(part)
        length, rest = length + len(part), unpacker.unconsumed_tail
        if length > most:
            raise ValueError(f"what is in it is larger than the {most} bytes it can be")
    return b"".join(parts)
