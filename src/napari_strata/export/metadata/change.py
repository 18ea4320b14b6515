"""A change of metadata that was planned: what it is, and making it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_strata.export.metadata import backup as metadata_backup
from napari_strata.export.metadata.diff import unified_diff
from napari_strata.export.metadata.files import FileChange
from napari_strata.model import Problem


@dataclass(frozen=True)
class MetadataChange:
    """Files that are to change; nothing is written until ``write`` is called.

    Attributes
    ----------
    root : the container's folder, what the files' paths are relative to.
    files : each with its bytes before and after. Never a chunk.
    notes : what to know before it is written: what contradicts what, what stays behind.
    """

    root: Path
    files: tuple[FileChange, ...]
    notes: tuple[Problem, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files)

    def diff(self) -> str:
        """Show what would change, as a unified diff."""
        return unified_diff(self.files)

    def write(self) -> Path | None:
        """Write all files or none; returns the folder of the backup, None if nothing changes.

        Raises
        ------
        ExportError
            If a file has been changed since the change was planned, an earlier change was
            interrupted, or the storage refuses.
        """
        return metadata_backup.apply(self.root, self.files) if self.files else None
