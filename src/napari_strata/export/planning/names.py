"""Names of layers as names of folders: safe on every system, none twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_OTHER = re.compile(r"[^\w.-]+")
_LONGEST = 80
# Names with a meaning in OME-Zarr or Zarr, and those that Windows keeps for itself.
_TAKEN = frozenset(["labels", "ome", "zarr.json", "coordinatetransformations"])
_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def folder_names(names: Iterable[str]) -> list[str]:
    """Return a folder's name for each; those that differ by case alone are told apart too."""
    used: set[str] = set()
    result = []
    for name in names:
        base = _safe(name)
        found, count = base, 1
        while found.lower() in used:
            count += 1
            found = f"{base}_{count}"
        used.add(found.lower())
        result.append(found)
    return result


def _safe(name: str) -> str:
    """Keep letters, digits, ``.``, ``-`` and ``_``; all else becomes ``_``."""
    text = _OTHER.sub("_", unicodedata.normalize("NFC", name).strip())
    text = text.strip("._")[:_LONGEST].rstrip(".") or "image"
    if text.lower() in _TAKEN or _WINDOWS.fullmatch(text):
        return f"{text}_"
    return text
