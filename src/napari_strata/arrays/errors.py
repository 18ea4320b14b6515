"""What can go wrong while pixels are read, in one line each."""

from __future__ import annotations

import re
from typing import Any

# What tensorstore futures raise; its status codes map to these built-in classes.
READ_ERRORS = (ValueError, OSError, IndexError, NotImplementedError, RuntimeError)

_STATUS = re.compile(r"^[A-Z_]+: ")
_DETAILS = re.compile(r" \[[\w ]+=.*", re.DOTALL)
_UNREACHABLE = ("ABORTED", "UNAVAILABLE", "DEADLINE_EXCEEDED")
_LONGEST = 400


class ChunkError(OSError):
    """Part of an array could not be read.

    Attributes
    ----------
    where : the array's metadata file.
    reason : what went wrong, without ``where``; names the chunk's own file where it is known.
    chunk : grid index of the chunk in array order, or None where only its file is known.
    unreachable : the server did not answer, so that other chunks will fail the same way.
    """

    def __init__(
        self,
        where: str,
        reason: str,
        chunk: tuple[int, ...] | None = None,
        *,
        unreachable: bool = False,
    ) -> None:
        place = where if chunk is None else f"{where}: chunk ({', '.join(map(str, chunk))})"
        super().__init__(f"{place}: {reason}")
        self.where = where
        self.reason = reason
        self.chunk = chunk
        self.unreachable = unreachable

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the parts; OSError would rebuild from the message alone."""
        return _rebuild, (type(self), self.where, self.reason, self.chunk, self.unreachable)


class CodecError(ChunkError):
    """No chunk of an array can be decoded: its metadata says how, and that is not known here."""


def _rebuild(
    kind: type[ChunkError],
    where: str,
    reason: str,
    chunk: tuple[int, ...] | None,
    unreachable: bool,
) -> ChunkError:
    return kind(where, reason, chunk, unreachable=unreachable)


def reason_of(error: BaseException) -> str:
    """Return an exception's text as one line, without status codes and request dumps."""
    text = _DETAILS.sub("", _STATUS.sub("", str(error)))
    line = " ".join(text.split()) or type(error).__name__
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def is_permission_denied(error: BaseException) -> bool:
    """Tell whether a store answered 403 (or the local equivalent)."""
    return str(error).startswith("PERMISSION_DENIED")


def is_unreachable(error: BaseException) -> bool:
    """Tell whether a store did not answer, or only with passing errors, however often asked."""
    return str(error).startswith(_UNREACHABLE)


def chunk_error(
    where: str, error: BaseException, chunk: tuple[int, ...] | None = None
) -> ChunkError:
    """Wrap what a read raised; a ChunkError keeps its own reason."""
    if isinstance(error, ChunkError):
        if chunk is None or error.chunk is not None or isinstance(error, CodecError):
            return error
        return ChunkError(error.where, error.reason, chunk, unreachable=error.unreachable)
    return ChunkError(where, reason_of(error), chunk, unreachable=is_unreachable(error))
