"""The formats that layers are written in. One line each; a writer is imported when it is used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from napari_strata.export.errors import ExportError
from napari_strata.export.result import Exported

if TYPE_CHECKING:
    from napari_strata.export.images import How, ImageFormat
    from napari_strata.export.planning.options import Options


class Writer(Protocol):
    """What writes layers in one format."""

    def __call__(
        self, layers: Any, path: str | os.PathLike[str], options: Options, how: How
    ) -> Exported:
        """Write layers to a path; see `napari_strata.export.export`."""


def writer(format: str) -> Writer:
    """Return what writes a format.

    Raises
    ------
    ExportError : it is not known.
    """
    if format not in FORMATS:
        raise ExportError(f"format: found {format!r}, expected one of {', '.join(FORMATS)}")
    return FORMATS[format]()


def image_format(format: str) -> ImageFormat:
    """Return what plans, writes and checks a format of images.

    Raises
    ------
    ExportError : it is not known, or holds no images.
    """
    if format not in IMAGE_FORMATS:
        raise ExportError(f"format: found {format!r}, expected one of {', '.join(IMAGE_FORMATS)}")
    return IMAGE_FORMATS[format]()


def _ome_zarr() -> ImageFormat:
    from napari_strata.export import ome_zarr, verify
    from napari_strata.export.images import ImageFormat
    from napari_strata.export.planning import image_plan

    return ImageFormat(
        image_plan.plan_images,
        ome_zarr.write,
        verify.verify,
        lambda plan: f"ome-zarr-{plan.version}",
    )


def _cosem() -> ImageFormat:
    from napari_strata.export import cosem_n5
    from napari_strata.export.images import ImageFormat

    return ImageFormat(cosem_n5.plan_images, cosem_n5.write, cosem_n5.verify, lambda plan: "cosem")


def _with_annotations() -> Writer:
    from napari_strata.export.annotations_beside import write

    kind = _ome_zarr()
    return lambda layers, path, options, how: write(layers, path, kind, options, how)


def _zvf() -> Writer:
    from napari_strata.export.geometries import zvf
    from napari_strata.export.planning.options import Options

    def write(layers: Any, path: str | os.PathLike[str], options: Options, how: How) -> Exported:
        if options != Options() or how.resume or how.restart or how.executor or how.scheduler:
            raise ExportError("a ZVF store is written as a whole; of options it has only replace")
        if os.fspath(path).rstrip("/\\").endswith(".zarr"):
            from napari_strata.export.annotations_beside import check_has_images

            check_has_images(layers, path)
        return zvf.write(tuple(as_list(layers)), path, replace=how.replace)

    return write


def _of_images(make: Callable[[], ImageFormat]) -> Callable[[], Writer]:
    def give() -> Writer:
        from napari_strata.export.images import write_images

        kind = make()
        return lambda layers, path, options, how: write_images(layers, path, kind, options, how)

    return give


IMAGE_FORMATS: Mapping[str, Callable[[], ImageFormat]] = {
    "ome-zarr": _ome_zarr,
    "cosem": _cosem,
}
"""By name, what gives a format of images and labels."""

FORMATS: Mapping[str, Callable[[], Writer]] = {
    **{name: _of_images(make) for name, make in IMAGE_FORMATS.items()},
    "ome-zarr": _with_annotations,
    "zvf": _zvf,
}
"""By name, what gives the writer of a format."""

ANNOTATIONS = frozenset({"points", "shapes", "vectors", "surface", "tracks"})
"""Kinds of layers of napari that are no images."""


def format_for(layers: Any) -> str:
    """Return the format that layers are written in if none is asked for."""
    kinds = {getattr(layer, "_type_string", "image") for layer in as_list(layers)}
    return "zvf" if kinds and kinds <= ANNOTATIONS else "ome-zarr"


def as_list(layers: Any) -> list[Any]:
    """Return what was given as a list: one layer, or several."""
    is_many = isinstance(layers, Iterable) and not hasattr(layers, "as_layer_data_tuple")
    return list(layers) if is_many else [layers]
