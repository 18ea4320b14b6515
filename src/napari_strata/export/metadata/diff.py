"""What would change in metadata files, as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from napari_strata.export.metadata.files import FileChange

_UNENDED = "\n\\ No newline at end of file\n"


def unified_diff(changes: Iterable[FileChange]) -> str:
    """Show the changes as `diff -u` does; a file that is made or removed is ``/dev/null``."""
    return "".join(_of_file(change) for change in changes)


def _of_file(change: FileChange) -> str:
    before, after = _lines(change.before), _lines(change.after)
    old = "/dev/null" if change.before is None else f"a/{change.path}"
    new = "/dev/null" if change.after is None else f"b/{change.path}"
    lines = difflib.unified_diff(before, after, old, new)
    return "".join(line if line.endswith("\n") else f"{line}{_UNENDED}" for line in lines)


def _lines(data: bytes | None) -> list[str]:
    if data is None:
        return []
    return data.decode("utf-8", errors="backslashreplace").splitlines(keepends=True)
