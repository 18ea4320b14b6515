"""Writing layers: the mirror of reading. One module a format."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from napari_strata.export.result import Exported

__all__ = ["FORMATS", "Exported", "export"]


class Writer(Protocol):
    """What writes layers in one format."""

    def __call__(
        self, layers: tuple[Any, ...], path: str | os.PathLike[str], *, replace: bool
    ) -> Exported:
        """Write layers to a path; see `export`."""


def _zvf() -> Writer:
    from napari_strata.export.zvf import write

    return write


FORMATS: Mapping[str, Callable[[], Writer]] = {"zvf": _zvf}
"""By name, what gives the writer: it is imported when it is used."""


def export(
    layers: Any | Iterable[Any],
    path: str | os.PathLike[str],
    *,
    format: str = "zvf",
    replace: bool = False,
) -> Exported:
    """Write layers of napari, with metadata made afresh.

    Parameters
    ----------
    layers : one layer, or several where the format holds several. ``zvf`` holds one: points,
        shapes, vectors, a surface or tracks, in world coordinates and the layer's own units.
    path : a local folder, made by this.
    replace : whether a store of the same format at ``path`` is replaced. Until the new one is
        complete, checked and in its place, the old one stays.

    Raises
    ------
    ValueError
        If the format is not known, or cannot hold the layers; names the layer and what it is.
    FileExistsError
        If there is something at ``path``, and ``replace`` is not asked for or it is no store of
        the same format.
    OSError
        If it cannot be written. Whatever is raised, ``path`` is as it was before.
    """
    if format not in FORMATS:
        raise ValueError(f"the format {format!r} is not known; known are {', '.join(FORMATS)}")
    return FORMATS[format]()(_as_tuple(layers), path, replace=replace)


def _as_tuple(layers: Any | Iterable[Any]) -> tuple[Any, ...]:
    is_many = isinstance(layers, Iterable) and not hasattr(layers, "as_layer_data_tuple")
    return tuple(layers) if is_many else (layers,)
