"""What zarr-vectors itself finds wrong with a ZVF store: its validation, levels 1 to 5.

Its levels 3 to 5 read every vertex. Its sentences are kept as they are.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_strata.check.element import Element
from napari_strata.check.finding import Finding
from napari_strata.check.zvf_elements import datasets, level_group
from napari_strata.formats.zvf_keys import LEVEL_NAME, STORE_KEY
from napari_strata.formats.zvf_version import read_version
from napari_strata.geometries import MOST_VERTICES
from napari_strata.model import OpenError, Severity
from napari_strata.store.values import JsonPlace
from napari_strata.store.warned import silenced

if TYPE_CHECKING:
    from napari_strata.geometries.zvf_store import KvStore

MOST_VALIDATED = MOST_VERTICES
"""Up to how many vertices levels 3 to 5 are made: half a minute of points, more of lines."""

NAMES = {1: "structure", 2: "metadata", 3: "consistency", 4: "conformance", 5: "multiresolution"}

_TABLES = ("object_index/manifests", "groups")  # their rows are taken as declared
_WITHOUT_VERTICES = 2  # the last level that reads none
_LEVEL = re.compile(r"(?:resolution_)?([0-9]{1,9})[:/]")  # how its sentences name a level
_Said = tuple[int, Severity, str]


@dataclass(frozen=True)
class _Result:
    """What the library says at one level and all below it; ``failure`` if it stopped."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str = ""


def findings(store: Element) -> Iterator[Finding]:
    """Go through what the library finds, the errors it stops with among it.

    Nothing of a store of a version it does not read: opening refuses that by name.
    """
    try:
        read_version(store.value.get(STORE_KEY) or {}, store.place.child(STORE_KEY))
    except (AttributeError, OpenError):
        return
    with silenced():  # importing it changes the filters, reading it warns
        said, why_not = _said(store)
    if said is None:
        message = "found a server that does not list folders, as these levels need; left out"
        yield _left_out(store, message, 1)
        return
    for level, severity, message in said:
        problem = _place(store, message).problem(f"zvf-library-l{level}", severity, message)
        yield Finding(problem, f"zarr-vectors: level {level}, {NAMES[level]}")
    if why_not is not None:
        yield _left_out(store, why_not, _WITHOUT_VERTICES + 1)


def _left_out(store: Element, message: str, first: int) -> Finding:
    problem = store.place.problem("zvf-library-left-out", "info", message)
    return Finding(problem, f"zarr-vectors: levels {first} to {max(NAMES)}")


def _vertices(store: Element) -> int:
    """Count the vertices of all levels, as declared."""
    groups = [level_group(dataset) for dataset in datasets(store)]
    counts = [group["vertex_count"] for group in groups if group is not None]
    return sum(int(count.value) for count in counts if count.is_whole and count.value > 0)


def _too_much(store: Element, kvstore: KvStore) -> str | None:
    """Say why the levels that read vertices and objects would read too much; None: they do not."""
    from napari_strata.geometries.zvf_tables import FalseCount, stored_rows

    count = _vertices(store)
    if count > MOST_VALIDATED:
        read = f"found {count:,} vertices, which these levels read"
        return f"{read}; left out for more than {MOST_VALIDATED:,}"
    names = [name for name in kvstore.names("") or () if LEVEL_NAME.fullmatch(name)]
    for table in (f"{name}/{table}" for name in names for table in _TABLES):
        try:
            stored_rows(kvstore, table, MOST_VALIDATED)
        except FalseCount as error:
            return f"{table}: {error}; left out, as these levels believe it"
        except _failures():
            continue  # the library tells
    return None


def _place(store: Element, message: str) -> JsonPlace:
    """Point at the level a sentence names, else at the store."""
    named = _LEVEL.match(message)
    node = store.node.child(named[1]) if named else store.node
    return node.place("zarr.json")


def _said(store: Element) -> tuple[list[_Said] | None, str | None]:
    """Validate; None where the storage does not list folders. And say why not with all levels."""
    import zarr_vectors

    from napari_strata.geometries.zvf_store import KvStore

    why_not = None
    try:
        kvstore = KvStore(store.node.kvstore())
        if kvstore.names("") is None:
            return None, None
        why_not = _too_much(store, kvstore)
        dataset = zarr_vectors.open(kvstore)
    except _failures() as error:
        return [(1, "error", _stopped(error))], why_not
    return _by_level(dataset, max(NAMES) if why_not is None else _WITHOUT_VERTICES), why_not


def _by_level(dataset: Any, deepest: int) -> list[_Said]:
    """Validate level by level: each repeats what those below it find, then adds its own."""
    whole, known = _validated(dataset, deepest), _Result()
    said: list[_Said] = []
    for level in range(1, deepest + 1):
        result = whole if level == deepest else _validated(dataset, level)
        if result.failure:
            return [*said, (level, "error", result.failure)]
        said += [(level, "error", text) for text in result.errors[len(known.errors) :]]
        said += [(level, "warning", text) for text in result.warnings[len(known.warnings) :]]
        if result == whole:
            break
        known = result
    return said


def _validated(dataset: Any, level: int) -> _Result:
    try:
        result = dataset.validate(level=level)
    except _failures() as error:
        return _Result(failure=_stopped(error))
    return _Result(tuple(map(str, result.errors)), tuple(map(str, result.warnings)))


def _failures() -> tuple[type[Exception], ...]:
    """List what another library may raise for what nobody foresaw in a file."""
    from napari_strata.geometries.zvf_damage import damage

    return (*damage(), BufferError, struct.error, zlib.error)


def _stopped(error: Exception) -> str:
    from napari_strata.geometries.zvf_damage import reason

    return f"zarr-vectors stopped: {type(error).__name__}: {reason(error)}"
