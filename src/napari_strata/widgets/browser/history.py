"""The addresses that were browsed last, kept from one session to the next.

They are in a file of our own, not in napari's settings. Passwords and signatures of addresses
are left out: they are for opening, not for keeping.
"""

from __future__ import annotations

import json
from dataclasses import replace

from qtpy.QtCore import QSettings

from napari_strata.model import OpenError
from napari_strata.store.location import parse_location

MOST = 20
_KEY = "addresses"


def addresses() -> list[tuple[str, str]]:
    """List addresses, the last one first, each with its AWS profile (empty: none)."""
    try:
        kept = json.loads(str(_settings().value(_KEY, "[]")))
    except ValueError:
        return []
    if not isinstance(kept, list):
        return []
    pairs = [x for x in kept if isinstance(x, list) and [type(y) for y in x] == [str, str]]
    return [(address, profile) for address, profile in pairs[:MOST]]


def remember(address: str, profile: str | None) -> None:
    """Put an address, as `without_secrets` gives it, in front of the others."""
    pair = (address, profile or "")
    kept = [pair, *(other for other in addresses() if other != pair)]
    _settings().setValue(_KEY, json.dumps(kept[:MOST]))


def clear() -> None:
    """Keep none of them."""
    _settings().remove(_KEY)


def without_secrets(address: str) -> str:
    """Take name, password and query off an address; empty if it is none."""
    try:
        location = parse_location(address)
    except OpenError:
        return ""
    return replace(location, user="", query="").address


def _settings() -> QSettings:
    return QSettings(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, "napari-strata", "browser"
    )
