"""Paths from metadata: plain, relative, and never out of their group (formats.md, section 5)."""

from __future__ import annotations

import re

_DRIVE_OR_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:")


def path_defect(path: str) -> str:
    """Say what is wrong with a path from metadata; empty if it is fine."""
    parts = path.split("/")
    if path.startswith("/"):
        return "expected a path relative to the group, not an absolute one"
    if "\\" in path:
        return "expected parts separated by /, not by a backslash"
    if _DRIVE_OR_SCHEME.match(path):
        return "expected a relative path, without a drive or scheme"
    if ".." in parts:
        return "expected a path that stays inside its group"
    if "\0" in path or not _is_encodable(path):
        return "expected a path of ordinary characters"
    if not [p for p in parts if p not in ("", ".")]:
        return "expected the path of an array below the group, not the group itself"
    return ""


def _is_encodable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
