"""Writing a planned OME-Zarr: arrays first, then the groups' metadata, the root's last.

In a bucket the arrays' own metadata comes after all voxels, too.

Whatever stops it, there is no root metadata over levels that are not complete.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from napari_strata.arrays.errors import READ_ERRORS, reason_of
from napari_strata.export.documents.ome_layout import with_windows
from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.engine import Progress, Way, write_pyramid
from napari_strata.export.pixels.pyramid import LevelPlan
from napari_strata.export.pixels.targets import OpenTarget, declare, open_target
from napari_strata.export.planning.export_plan import ExportPlan, PlannedImage
from napari_strata.layers.contrast import estimate

Folder = str | os.PathLike[str] | Mapping[str, Any]
"""A local folder, or a tensorstore key-value store (JSON) whose path ends with a slash."""


def write(
    plan: ExportPlan,
    folder: Folder,
    *,
    way: Way | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    journals: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write everything into a folder that is empty, or holds what this export began.

    Parameters
    ----------
    way, executor, workers, progress, cancel : as for `engine.write_pyramid`; progress counts
        the bytes of all images together.
    journals : a folder outside of ``folder`` for notes on finished blocks. What is noted there
        is not written again.

    Raises
    ------
    ExportError, JournalError, BlockError, ExportCancelled : as `engine.write_pyramid` does.
    """
    write_arrays(
        plan, folder, way=way, executor=executor, workers=workers,
        journals=journals, progress=progress, cancel=cancel,
    )  # fmt: skip
    write_documents(plan, folder)


def write_arrays(
    plan: ExportPlan,
    folder: Folder,
    *,
    way: Way | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    journals: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write the levels of all images, one image after the other."""
    root = kvstore_of(folder)
    done, number = 0, 0
    for image in plan.images:
        for part in image.parts:
            journal = None if journals is None else Path(journals) / f"{number}.journal"
            write_pyramid(
                part.source,
                part.pyramid,
                plan.targets(image, part, root),
                way=way,
                executor=executor,
                workers=workers,
                journal=journal,
                progress=_after(progress, done, plan.nbytes),
                cancel=cancel,
            )
            done += part.pyramid.nbytes
            number += 1
    _declare(plan, root)


def _declare(plan: ExportPlan, root: Mapping[str, Any]) -> None:
    for image in plan.images:
        for part in image.parts:
            targets = plan.targets(image, part, root)
            for target, level in zip(targets, part.pyramid.levels, strict=True):
                if not target.declared_last:
                    continue
                try:
                    declare(target, level)
                except READ_ERRORS as error:
                    raise ExportError(
                        f"the metadata of {target.kvstore['path']} cannot be written: "
                        f"{reason_of(error)}"
                    ) from error


def write_documents(plan: ExportPlan, folder: Folder) -> None:
    """Write the metadata of all groups, one file after the other, the root's last.

    Raises
    ------
    ExportError : a file cannot be written.
    """
    import tensorstore as ts

    root = kvstore_of(folder)
    store = ts.KvStore.open(root).result()
    file = ".zattrs" if plan.container == "zarr2" else "zarr.json"
    pending = {f"{i.path}/{file}".strip("/"): i for i in plan.images if i.windowless}
    for key, planned in plan.documents:
        content = planned
        if key in pending:
            content = with_windows(planned, windows_of(plan, pending[key], root))
        data = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False).encode()
        try:
            store.write(key, data).result()
        except READ_ERRORS as error:
            raise ExportError(f"{key} cannot be written: {reason_of(error)}") from error


def windows_of(
    plan: ExportPlan, image: PlannedImage, root: Mapping[str, Any]
) -> dict[int, tuple[float, float]]:
    """Estimate contrast limits from the coarsest level that was written, as a viewer does.

    Raises
    ------
    ExportError : it cannot be read.
    """
    last = image.parts[-1]
    target = plan.targets(image, last, root)[-1]
    axis = next((k for k, a in enumerate(image.written.axes) if a.type == "channel"), None)
    result = {}
    for channel in image.windowless:
        try:
            opened = open_target(target, last.pyramid.levels[-1], create=False)
            limits = estimate(_OneChannel(opened, last.pyramid.levels[-1], axis, channel))
        except READ_ERRORS as error:
            raise ExportError(
                f"{image.path or image.written.name}: the coarsest level cannot be read again: "
                f"{reason_of(error)}"
            ) from error
        result[channel] = limits or (0.0, 1.0)
    return result


class _OneChannel:
    """A written level without its channel axis, as far as an estimate needs it."""

    def __init__(self, opened: OpenTarget, plan: LevelPlan, axis: int | None, channel: int) -> None:
        self._opened, self._axis, self._channel = opened, axis, channel
        kept = [k for k in range(len(plan.shape)) if k != axis]
        self.shape = tuple(plan.shape[k] for k in kept)
        self.chunks = tuple(plan.chunks[k] for k in kept)
        self.dtype = plan.dtype

    def __getitem__(self, block: tuple[slice, ...]) -> Any:
        if self._axis is None:
            return self._opened.read(block)
        one = slice(self._channel, self._channel + 1)
        return self._opened.read((*block[: self._axis], one, *block[self._axis :]))


def kvstore_of(folder: Folder) -> dict[str, Any]:
    """Return a folder as a key-value store specification."""
    if isinstance(folder, Mapping):
        return dict(folder)
    return {"driver": "file", "path": f"{Path(folder).absolute()}/"}


def _after(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Count on from the images that are written already."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)
