"""What can go wrong while an export is planned or written, in one line each."""

from __future__ import annotations

from typing import Any


class ExportError(ValueError):
    """An export cannot be made as it was asked for; ``str()`` is one line that says why."""


class JournalError(ExportError):
    """A journal is of another export, or cannot be read."""


class BlockError(ExportError):
    """A block could not be read or written; what was finished before stays finished.

    Attributes
    ----------
    level : index of the level, 0 is the finest.
    region : the block's voxels in it, (start, stop) along each axis.
    reason : what went wrong, as the storage told it.
    """

    def __init__(self, level: int, region: tuple[tuple[int, int], ...], reason: str) -> None:
        voxels = ", ".join(f"{start}:{stop}" for start, stop in region)
        super().__init__(f"level {level}, voxels [{voxels}]: {reason}")
        self.level = level
        self.region = region
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the parts, so that the error can come from another process."""
        return BlockError, (self.level, self.region, self.reason)


class ExportCancelled(Exception):
    """The export was cancelled; it can be resumed."""
