"""The directory at the end of a zip file: which members there are, and where.

After PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.4. Refused is what the pixels' reader,
tensorstore's zip driver, would pass over in silence: a chunk it does not see is shown as empty.
The comment is not needed, so the JSON that RFC-9 (``.ozx``) allows there is not read.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import NamedTuple

STORED, DEFLATED, BZIP2 = 0, 8, 12

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LARGEST_FILE = 2**62  # bytes; no system goes further
_LONGEST_COMMENT = 2**16 - 1
TAIL_LENGTH = _END64.size + _LOCATOR.size + _END.size + _LONGEST_COMMENT

_ENCRYPTED = 0x1 | 0x2000  # a member's content; the directory's
_IN_EXTRA = 2**32 - 1  # the value is in the zip64 extra field
_ODD_NAME = re.compile(r"[\\\0]|^[A-Za-z]:|(?:^|/)\.{0,2}(?:/|$)")
_METHODS = {9: "Deflate64", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd", 99: "encrypted"}


class DirectoryError(ValueError):
    """The directory cannot be used; ``str()`` says why, to follow "the zip file"."""


@dataclass(frozen=True)
class End:
    """What the end of a zip says; offsets in bytes from the file's start.

    ``in_tail`` is where, in the tail that was searched, the directory ends.
    """

    offset: int
    size: int
    count: int
    in_tail: int

    @property
    def stop(self) -> int:
        """Offset of the directory's end."""
        return self.offset + self.size


class Member(NamedTuple):
    """A file in a zip; sizes and the offset of its local header in bytes."""

    offset: int
    stored_size: int
    size: int
    crc: int
    method: int


@dataclass(frozen=True)
class Directory:
    """All members by name (``/`` between the parts), and the names of the folders it lists.

    ``prefix`` (``""`` or ``./``) stands before every name in the file.
    """

    members: dict[str, Member]
    folders: frozenset[str]
    prefix: str


def find_end(tail: bytes) -> End:
    """Read where the directory is from the last `TAIL_LENGTH` bytes of a file (or all of it).

    Raises
    ------
    DirectoryError
        If this is no zip file, or one that is cut off or in several parts.
    """
    at = _end_position(tail)
    _, disk, first_disk, here, count, size, offset, _ = _END.unpack_from(tail, at)
    in_tail, disks = at, 1
    if tail[max(at - _LOCATOR.size, 0) : at].startswith(b"PK\6\7"):
        disks = _LOCATOR.unpack_from(tail, at - _LOCATOR.size)[3]
        in_tail = at - _LOCATOR.size - _END64.size
        if in_tail < 0 or tail[in_tail : in_tail + 4] != b"PK\6\6":
            raise DirectoryError("has no zip64 end record where one is expected; it is damaged")
        _, _, _, _, disk, first_disk, here, count, size, offset = _END64.unpack_from(tail, in_tail)
    if disk or first_disk or here != count or disks > 1:
        raise DirectoryError("is one part of several, expected a zip in one file")
    end = End(offset, size, count, in_tail)
    whole = len(tail) < TAIL_LENGTH
    fits = size >= count * _ENTRY.size and end.stop < _LARGEST_FILE
    if not fits or (whole and end.stop != in_tail):
        raise DirectoryError("has a directory that is not where its end says; it is damaged")
    return end


def _end_position(tail: bytes) -> int:
    """Find the end record, which nothing but its comment follows."""
    at = tail.rfind(b"PK\5\6")
    if at >= 0 and at + _END.size <= len(tail):
        comment: int = _END.unpack_from(tail, at)[7]
        if at + _END.size + comment == len(tail):
            return at
    raise DirectoryError(
        "has no directory at its end: it is no zip file, it is cut off, or there is something "
        "behind it"
    )


def parse_directory(data: bytes, count: int) -> Directory:
    """Read the directory's entries.

    Raises
    ------
    DirectoryError
        If it is damaged, or a member is encrypted, compressed in a way that cannot be read,
        there twice, or has a name that is no plain relative path.
    """
    members: dict[str, Member] = {}
    folders: set[str] = set()
    prefix = "./" if data[_ENTRY.size : _ENTRY.size + 2] == b"./" else ""
    at = 0
    for _ in range(count):
        name, member, at = _entry(data, at)
        if not name.startswith(prefix):
            raise DirectoryError(f"has the member {name!r}, expected {prefix} before every name")
        name = name[len(prefix) :]
        if name.endswith("/") or not name:
            folders.add(name.rstrip("/"))
        elif name in members:
            raise DirectoryError(
                f"has two members named {name!r}, expected every name once (a program changed "
                "it after it was written); unpack it and pack it anew"
            )
        else:
            members[name] = member
        if _ODD_NAME.search(name.removesuffix("/") or "_"):
            raise DirectoryError(
                f"has a member named {name!r}, expected a relative path with / between its parts"
            )
    if at != len(data):
        raise DirectoryError("has more in its directory than it counts; it is damaged")
    return Directory(members, frozenset(folders), prefix)


def _entry(data: bytes, at: int) -> tuple[str, Member, int]:
    """Read the entry at an offset; return name, member and where the next one starts."""
    if data[at : at + 4] != b"PK\1\2" or at + _ENTRY.size > len(data):
        raise DirectoryError("has a directory that breaks off or is damaged")
    fields = _ENTRY.unpack_from(data, at)
    flags, method = fields[3:5]
    crc, stored_size, size, name_length, extra_length, comment_length = fields[7:13]
    offset: int = fields[16]
    at += _ENTRY.size
    raw, extra_at = data[at : at + name_length], at + name_length
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise DirectoryError(f"has a member whose name {raw!r} is no UTF-8") from None
    if flags & _ENCRYPTED:
        raise DirectoryError(f"is encrypted (its member {name!r}), expected one without password")
    if method not in (STORED, DEFLATED, BZIP2):
        found = _METHODS.get(method, f"method {method}")
        raise DirectoryError(
            f"has the member {name!r} compressed by {found}, expected stored or deflated"
        )
    if _IN_EXTRA in (size, stored_size, offset):
        extra = data[extra_at : extra_at + extra_length]
        size, stored_size, offset = _wide(extra, name, size, stored_size, offset)
    if method == STORED and size != stored_size:
        raise DirectoryError(f"gives two sizes for {name!r}, which is stored; it is damaged")
    member = Member(offset, stored_size, size, crc, method)
    return name, member, extra_at + extra_length + comment_length


def _wide(extra: bytes, name: str, *values: int) -> list[int]:
    """Replace the values that do not fit 32 bits by those of the zip64 extra field."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        at += 4
        if kind == 1 and at + length <= len(extra):
            wide = iter(struct.unpack_from(f"<{length // 8}Q", extra, at))
            result = [next(wide, None) if value == _IN_EXTRA else value for value in values]
            if None not in result:
                return [value for value in result if value is not None]
        at += length
    raise DirectoryError(f"does not say how large {name!r} is; it is damaged")
