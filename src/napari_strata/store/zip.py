"""Reading a zip file (``.ozx``, ``.zarr.zip``, ``.n5.zip``), local or remote, as a folder.

Nothing is unpacked to disk. The directory is read once, by one or two requests; then each
metadata file takes one. Chunks are read by tensorstore's zip driver, from the same file.
"""

from __future__ import annotations

import bz2
import struct
import zlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

from napari_strata.model import OpenError, Problem
from napari_strata.store.backend import LARGEST_METADATA_FILE, Listing, Many, ReadError
from napari_strata.store.zip_directory import (
    BZIP2,
    STORED,
    TAIL_LENGTH,
    Directory,
    DirectoryError,
    Member,
    find_end,
    parse_directory,
)

_LARGEST_DIRECTORY = 512 * 2**20  # some five million members
_PIECE = 8 * 2**20  # of a directory, for one request
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_USUAL_EXTRA = 256  # bytes before a member's content that its directory entry does not count

Span = tuple[int, int]


class Storage(Protocol):
    """What a zip lies in; spans are ``(start, stop)`` in bytes."""

    def read_tail(self, key: str, length: int) -> bytes | ReadError | None:
        """Read the last bytes of a file, all of a shorter one; None if it does not exist."""

    def read_spans(self, key: str, spans: Sequence[Span]) -> Many:
        """Read several parts of a file at once."""

    def file_kvstore(self, key: str) -> dict[str, Any]:
        """Give tensorstore's key-value store specification of a single file."""


class ZipBackend:
    """The members of a zip; keys are the zip's own key, ``/``, and the member's name.

    Raises
    ------
    OpenError
        If the zip does not exist, cannot be read, or has members that could not be read
        honestly; ``where`` is ``shown``.
    """

    absent_is_free = True

    def __init__(self, storage: Storage, key: str, shown: str) -> None:
        self.path = key
        self._storage = storage
        try:
            self._directory, self._stop = self._read_directory()
        except FileNotFoundError:
            raise OpenError(Problem("not-found", "error", shown, "does not exist")) from None
        except DirectoryError as error:
            message = f"the zip file {error}"
            raise OpenError(Problem("bad-zip", "error", shown, message)) from None
        except ReadError as error:
            raise OpenError(Problem("unreadable", "error", shown, str(error))) from None

    def _read_directory(self) -> tuple[Directory, int]:
        """Return the directory and where it starts, that is, where the last member ends."""
        tail = _found(self._storage.read_tail(self.path, TAIL_LENGTH))
        end = find_end(tail)
        if end.size <= end.in_tail:
            data = tail[end.in_tail - end.size : end.in_tail]
        elif end.size > _LARGEST_DIRECTORY:
            raise DirectoryError("has a directory larger than 512 MiB, more than can be read")
        else:
            starts = range(end.offset, end.stop, _PIECE)
            spans = [(start, min(start + _PIECE, end.stop)) for start in starts]
            data = b"".join(map(_found, self._storage.read_spans(self.path, spans)))
        return parse_directory(data, end.count), end.offset

    def _name(self, key: str) -> str | None:
        """Return a member's or folder's name in the zip; None for what is outside of it."""
        if key.rstrip("/") == self.path:
            return ""
        above = f"{self.path}/"
        return key[len(above) :].rstrip("/") if key.startswith(above) else None

    def read_many(self, keys: Sequence[str]) -> Many:
        """Read members at once; the directory tells which ones there are."""
        names = [self._name(key) for key in keys]
        members = [self._directory.members.get(name) if name else None for name in names]
        wanted = [
            (name, member)
            for name, member in zip(names, members, strict=True)
            if name and member and not _is_too_large(member)
        ]
        contents = iter(self._contents(wanted))
        results: Many = []
        for member in members:
            if member is None:
                results.append(None)
            elif _is_too_large(member):
                results.append(ReadError("is larger than 64 MiB, which no metadata file is"))
            else:
                results.append(next(contents))
        return results

    def _contents(self, wanted: Sequence[tuple[str, Member]]) -> list[bytes | ReadError]:
        spans = [self._span(member, len(name.encode())) for name, member in wanted]
        blocks = self._storage.read_spans(self.path, spans)
        return [
            self._content(member, block) for (_, member), block in zip(wanted, blocks, strict=True)
        ]

    def _span(self, member: Member, more: int) -> Span:
        """Return where a member is, its header and ``more`` bytes included."""
        prefix = len(self._directory.prefix)
        length = _LOCAL_HEADER.size + prefix + more + _USUAL_EXTRA + member.stored_size
        start = min(member.offset, self._stop)
        return start, min(start + length, self._stop)

    def _content(self, member: Member, block: bytes | ReadError | None) -> bytes | ReadError:
        try:
            block = _found(block)
            if len(block) < _LOCAL_HEADER.size or block[:4] != b"PK\3\4":
                raise ReadError("is not where the zip's directory says; the zip file is damaged")
            *_, name_length, extra_length = _LOCAL_HEADER.unpack_from(block)
            start = _LOCAL_HEADER.size + name_length + extra_length
            stop = start + member.stored_size
            if stop > len(block):
                span = member.offset + start, member.offset + stop
                if span[1] > self._stop:
                    raise ReadError("breaks off; the zip file is damaged")
                (more,) = self._storage.read_spans(self.path, [span])
                return _unpacked(_found(more), member)
            return _unpacked(block[start:stop], member)
        except FileNotFoundError:
            return ReadError("cannot be read: the zip file is gone")
        except ReadError as error:
            return error

    @cached_property
    def _listings(self) -> dict[str, Listing]:
        """Every folder of the zip, by name, from one walk through the directory."""
        files: dict[str, list[str]] = {"": []}
        for name in self._directory.members:
            folder, _, last = name.rpartition("/")
            files.setdefault(folder, []).append(last)
        for folder in self._directory.folders:
            files.setdefault(folder, [])
        below: dict[str, set[str]] = {folder: set() for folder in files}
        for folder in files:
            while folder:
                above, _, last = folder.rpartition("/")
                known = above in below
                below.setdefault(above, set()).add(last)
                if known:
                    break
                folder = above
        return {
            folder: Listing(tuple(sorted(names)), tuple(sorted(files.get(folder, ()))))
            for folder, names in below.items()
        }

    def list(self, key: str) -> Listing | None:
        """List a folder, from memory."""
        name = self._name(key)
        nothing = Listing((), ())
        return nothing if name is None else self._listings.get(name, nothing)

    def has_folder(self, key: str) -> bool:
        """Tell whether there is such a folder."""
        return self._name(key) in self._listings

    def kvstore(self, key: str) -> dict[str, Any]:
        """Give the ``zip`` driver's specification."""
        name = self._name(key)
        folder = f"{name}/" if name else ""
        return {
            "driver": "zip",
            "base": self._storage.file_kvstore(self.path),
            "path": self._directory.prefix + folder,
        }

    def real_path(self, key: str) -> str:
        """Give the key itself: links in a zip are not followed."""
        return key.rstrip("/")


def _is_too_large(member: Member) -> bool:
    return max(member.size, member.stored_size) > LARGEST_METADATA_FILE


def _found(data: bytes | ReadError | None) -> bytes:
    if data is None:
        raise FileNotFoundError
    if isinstance(data, ReadError):
        raise data
    return data


def _unpacked(data: bytes, member: Member) -> bytes:
    """Decompress a member, never beyond the size it declares."""
    if member.method != STORED:
        decompressor: Any = (
            bz2.BZ2Decompressor() if member.method == BZIP2 else zlib.decompressobj(-15)
        )
        try:
            data = decompressor.decompress(data, member.size + 1)
        except (OSError, zlib.error) as error:
            raise ReadError(f"cannot be decompressed; the zip file is damaged ({error})") from None
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        raise ReadError(
            "is not what the zip's directory says (checksum); the zip file is damaged, or "
            "has changed since it was opened"
        )
    return data
