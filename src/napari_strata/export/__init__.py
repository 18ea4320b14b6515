"""Writing layers: the mirror of reading. One module a format."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from napari_strata.export.result import Exported

__all__ = ["Exported", "export"]


def export(
    layers: Any,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    replace: bool = False,
    resume: bool = False,
    restart: bool = False,
    scheduler: str | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Exported:
    """Write layers, with metadata made afresh.

    Parameters
    ----------
    layers : a layer of napari or several; or images, or datasets, of `napari_strata.open`. A
        layer is written as it is now: its live transforms, name and look. Points, shapes,
        vectors, surfaces and tracks go beside an OME-Zarr ``NAME.ome.zarr``, to
        ``NAME.annotations``, and come back when that is opened.
    path : a folder, made by this; or a folder of a bucket, ``s3://…`` or ``gs://…``.
    format : ``ome-zarr``, ``cosem`` for N5 with COSEM's and Neuroglancer's keys, or ``zvf`` for
        one layer of points, shapes, vectors, a surface or tracks. By default ``zvf`` where the
        layers are of these kinds alone, else ``ome-zarr``.
    replace : whether a dataset at ``path`` may be replaced, never one with foreign files in it.
        Until the new one is complete, checked and in its place, the old one stays.
    resume : go on with what an export of the same that was broken off left beside ``path``, in
        ``.NAME.partial``; begin if there is nothing.
    restart : discard what it left. ``replace`` does so too.
    scheduler : address of a Dask scheduler. By default a cluster that is in use, see
        `napari_strata.export.pixels.distributed.crew`; ``threads`` for none.
    executor : runs the blocks instead: any of `concurrent.futures`.
    progress : called now and then with the bytes that are written and those there are.
    cancel : set it from another thread to stop.
    **options : what is written: ``version``, ``channels``, ``box``, ``voxels``, ``times``,
        ``first_level``, ``levels``, ``factors``, ``method``, ``chunks``, ``shards``, ``codec``,
        ``copy_levels``, ``resample``, ``annotations`` and ``shapes``; see
        `napari_strata.export.planning.options.Options`.

    Raises
    ------
    ExportError
        If it cannot be made as it is asked for; one line says why. A ValueError; where something
        is at ``path`` that is not to be replaced, a FileExistsError too.
    ExportCancelled
        If ``cancel`` was set.
    OSError
        If it cannot be written. Whatever is raised, a folder at ``path`` is as it was before.
    """
    from napari_strata.export.formats import format_for, writer
    from napari_strata.export.images import How
    from napari_strata.export.planning.options import Options

    write = writer(format_for(layers) if format is None else format)
    how = How(replace, resume, restart, executor, scheduler, progress, cancel)
    return write(layers, path, Options(**options), how)
