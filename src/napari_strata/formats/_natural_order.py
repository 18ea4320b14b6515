"""The order people expect of names with numbers in them."""

from __future__ import annotations

import re


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sort numbers inside names as numbers."""
    parts = re.split(r"([0-9]{1,100})", text)
    return [(1, int(p), "") if i % 2 else (0, 0, p) for i, p in enumerate(parts)]
