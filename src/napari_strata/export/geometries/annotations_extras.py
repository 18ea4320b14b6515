"""Further files for annotations, on request, for programs that read no ZVF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_strata.export.errors import ExportError
from napari_strata.export.geometries import csv, geff

if TYPE_CHECKING:
    from napari_strata.layers.annotations.annotation import Annotation

EXTRAS = {"csv": csv, "geff": geff}


def kinds_of(asked: str | Sequence[str]) -> tuple[str, ...]:
    """Return the kinds that are asked for: ``"csv"``, ``"csv,geff"``, or a list of names."""
    names = asked.split(",") if isinstance(asked, str) else asked
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def check(kinds: Sequence[str]) -> None:
    """Refuse kinds that cannot be written, before anything is.

    Raises
    ------
    ExportError : one is not known, or needs a library that is not installed.
    """
    for kind in kinds:
        if kind not in EXTRAS:
            raise ExportError(f"annotations: found {kind!r}, expected {' or '.join(EXTRAS)}")
        EXTRAS[kind].check_installed()


def write(annotation: Annotation, folder: Path, name: str, kinds: Sequence[str]) -> dict[str, str]:
    """Write the further files of one layer; those that do not hold layers of its type are not.

    Returns
    -------
    By kind, the name of the file.

    Raises
    ------
    ExportError : it cannot be written.
    """
    written = {}
    for kind in kinds:
        writer = EXTRAS[kind]
        if annotation.layer_type in writer.TYPES:
            file = f"{name}.{kind}"
            writer.write(annotation, folder / file)
            written[kind] = file
    return written
