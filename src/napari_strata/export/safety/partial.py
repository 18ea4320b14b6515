"""What an export that is under way notes about itself beside its target, and how it is resumed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from napari_strata.export.errors import ExportError
from napari_strata.export.safety.exchange import sync_folder

NOTE = "export.json"
JOURNALS = "journals"
LOCK = "lock"
ASIDE = "replaced"
PROGRAM = "program"

_PACKAGE = "napari-strata"
_KEY = "strata-export"
_VERSION = 1
_MOST_NAMED = 3  # differences in one message


@dataclass(frozen=True)
class Note:
    """What is written, and how far it is.

    Attributes
    ----------
    name : of the target, and of the folder it is written to.
    told : the plan in words, by what each is about; a resumed export has the same.
    placing : the number of the finished folder on its disk (inode), once it is about to be put
        in place; 0 before.
    """

    name: str
    told: Mapping[str, str]
    placing: int = 0

    def about_to_place(self, folder: Path) -> Note:
        """Return the note of a finished folder."""
        return replace(self, placing=os.lstat(folder).st_ino)

    def difference(self, told: Mapping[str, str]) -> str | None:
        """Say what another plan has otherwise; None if it is the same."""
        names = [n for n in dict.fromkeys((*self.told, *told)) if self.told.get(n) != told.get(n)]
        if not names:
            return None
        shown = [
            f"{name}: then {self.told.get(name, 'none')}, now {told.get(name, 'none')}"
            for name in names[:_MOST_NAMED]
        ]
        more = len(names) - len(shown)
        return "; ".join([*shown, *([f"and {more} more"] if more else [])])


def partial_of(target: Path) -> Path:
    """Return the folder beside a target in which it is made."""
    return target.with_name(f".{target.name}.partial")


def program() -> str:
    """Say who writes: another version may write other bytes, so it does not go on."""
    return f"{_PACKAGE} {version(_PACKAGE)}"


def write_note(folder: Path, note: Note) -> None:
    """Write the note, complete or not at all, and have it on the disk.

    Raises
    ------
    OSError : it cannot be written.
    """
    temporary = folder / f"{NOTE}.new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump({_KEY: _VERSION, **asdict(note)}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, folder / NOTE)
    sync_folder(folder)


def read_note(folder: Path) -> Note | None:
    """Read the note of an export; None if there is none.

    Raises
    ------
    ExportError : it is damaged, or of another version of this program.
    """
    file = folder / NOTE
    try:
        value: Any = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ExportError(f"{file}: cannot be read ({error}); look at it and remove it") from error
    is_ours = isinstance(value, dict) and value.get(_KEY) == _VERSION
    if is_ours and isinstance(value.get("name"), str) and isinstance(value.get("told"), dict):
        told = {str(name): str(text) for name, text in value["told"].items()}
        placing = value.get("placing", 0)
        return Note(value["name"], told, placing if isinstance(placing, int) else 0)
    raise ExportError(f"{file}: is no note of an export by this version; look at it and remove it")


def foreign_in_partial(folder: Path, name: str) -> str | None:
    """Return the name of something in the folder that no export puts there."""
    known = {NOTE, f"{NOTE}.new", JOURNALS, LOCK, ASIDE, name}
    return next((found for found in sorted(os.listdir(folder)) if found not in known), None)
