"""Which versions of ZVF can be read: those of zarr-vectors' present series, and no other.

Rule: the history in ``zarr_vectors.constants``. 0.9.0 broke with all before it, 0.9.1 and 0.9.2
only add to it; what was written before opens without an error and reads as no vertices at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from napari_strata.store.values import JsonPlace, quote

SERIES = (0, 9)
"""First two numbers of the versions that are read."""

VERSION_KEY = "zv_version"
_FORMER_KEY = "format_version"
_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})(?:\.[0-9]{1,9})?")


def read_version(own: Mapping[str, Any], place: JsonPlace) -> str:
    """Return the version a store says it is of.

    Raises
    ------
    OpenError
        If it is of another series, or says none: it names both versions and what to do.
    """
    expected = f"version {SERIES[0]}.{SERIES[1]} of ZVF"
    key = VERSION_KEY if VERSION_KEY in own else _FORMER_KEY
    if key not in own:
        message = f"found no {VERSION_KEY}, expected {expected}: {_again()}"
        raise place.child(VERSION_KEY).refuse("zvf-version", message)
    found, at = own[key], place.child(key)
    match = _VERSION.fullmatch(found) if isinstance(found, str) else None
    if match is None:
        message = f"found {quote(found)}, expected {expected}, such as 0.9.2: {_again()}"
        raise at.refuse("zvf-version", message)
    series = int(match[1]), int(match[2])
    if series < SERIES:
        message = f"found version {found}, expected {expected}: {_again()}"
        raise at.refuse("zvf-version", message)
    if series > SERIES:
        message = f"found version {found}, expected {expected}: a newer napari-strata is needed"
        raise at.refuse("zvf-version", message)
    return str(found)


def _again() -> str:
    return (
        "vertices of other versions are stored otherwise and would be missed; write the data "
        f"again with zarr-vectors {SERIES[0]}.{SERIES[1]}"
    )
