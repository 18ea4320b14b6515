"""Images and labels into a store: planned, written beside the target, checked, put in place."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from napari_strata.dataset import Dataset, Image
from napari_strata.export.errors import ExportCancelled, ExportError
from napari_strata.export.pixels.distributed import Crew, crew
from napari_strata.export.planning.dataset_image import dataset_image
from napari_strata.export.planning.export_plan import ExportPlan
from napari_strata.export.planning.layer_image import LayerImage, layer_image
from napari_strata.export.planning.options import Options
from napari_strata.export.planning.origins import (
    array_folders,
    array_stores,
    each,
    layer_origins,
    local_origins,
    stamps,
)
from napari_strata.export.planning.plan_text import told
from napari_strata.export.result import Exported
from napari_strata.export.safety.partial import NOTE
from napari_strata.export.safety.place import (
    TargetCheck,
    check_apart,
    check_name,
    local_target,
    missing_room,
)
from napari_strata.export.safety.remote import (
    begin_remote,
    check_apart_remote,
    end_remote,
    end_unsound,
    is_remote,
    remote_target,
)
from napari_strata.export.safety.stage_folder import Stage, leftover, staged
from napari_strata.model import Problem

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ImageFormat:
    """What plans, writes and checks images in one format.

    Attributes
    ----------
    plan : ``(images, options)``; decides what is written and reads no pixels.
    write : ``(plan, folder, **how)``; writes all of it into an empty folder, the root's metadata
        last. It may find what it has written before, where it is resumed.
    verify : ``(plan, path, cancel=)``; refuses what reads otherwise than it was planned.
    name_of : ``(plan)``; what the format is called by `napari_strata.open`.
    """

    plan: Callable[[Sequence[LayerImage], Options], ExportPlan]
    write: Callable[..., None]
    verify: Callable[..., Any]
    name_of: Callable[[ExportPlan], str]


@dataclass(frozen=True)
class How:
    """How an export is run.

    Attributes
    ----------
    replace : whether a dataset at the target may be replaced.
    resume : go on with what an export that was broken off has left.
    restart : discard what it has left.
    executor : runs the blocks; by default a cluster if there is one, else threads.
    scheduler : address of a Dask scheduler; ``threads`` for none.
    progress : called with bytes written and bytes altogether.
    cancel : set it to stop.
    """

    replace: bool = False
    resume: bool = False
    restart: bool = False
    executor: Executor | None = None
    scheduler: str | None = None
    progress: Progress | None = None
    cancel: threading.Event | None = None


def as_images(layers: Any) -> tuple[LayerImage, ...]:
    """Describe layers, images of a dataset, or all images of datasets, as they are now.

    Raises
    ------
    ExportError : one of them is none of these, or another kind of layer.
    """
    images: list[LayerImage] = []
    for one in each(layers):
        if isinstance(one, LayerImage):
            images.append(one)
        elif isinstance(one, Image):
            images.append(dataset_image(one))
        elif isinstance(one, Dataset):
            images += [dataset_image(image) for image in one.images]
        else:
            images.append(_of_layer(one))
    if not images:
        raise ExportError("there is no image to export")
    return tuple(images)


def _of_layer(layer: Any) -> LayerImage:
    if not hasattr(layer, "_type_string"):
        raise ExportError(
            f"{type(layer).__name__} cannot be exported; expected layers, images or datasets"
        )
    return layer_image(layer)


class Companion(Protocol):
    """What is written beside a dataset, and put in place with it."""

    def check_remote(self, url: str) -> None:
        """Refuse by raising what cannot be beside a dataset in a bucket."""

    def settle(self, target: Path, *, replace: bool, is_new: bool) -> None:
        """Put right what a killed export left; refuse by raising what has no place."""

    def made(self, stage: Stage, how: How) -> AbstractContextManager[Callable[[], None]]:
        """Write it; gives what puts it and the dataset in place."""


def write_images(
    layers: Any,
    path: str | os.PathLike[str],
    format: ImageFormat,
    options: Options,
    how: How,
    companion: Companion | None = None,
) -> Exported:
    """Write images and labels to a path; see `napari_strata.export.export`.

    Parameters
    ----------
    companion : what is written beside the dataset, if anything.

    Raises
    ------
    ExportError, OSError, ExportCancelled : the target is as before, unless it is a bucket.
    """
    if how.resume and how.restart:
        raise ExportError("found both resume and restart, expected one: the one keeps what is left")
    images = as_images(layers)
    plan = format.plan(images, options)
    check_name(path, format.name_of(plan))
    with crew(how.scheduler) if how.executor is None else _given(how.executor) as who:
        _check_portable(plan, who)
        if is_remote(path):
            if companion is not None:
                companion.check_remote(str(path))
            with _cancelled("what is in the bucket is not complete; restart it"):
                done = _into_bucket(plan, str(path), images, format, how, who)
        else:
            origins = (*local_origins(images), *layer_origins(layers))
            target = local_target(path)
            with _cancelled("it can be resumed" if plan.portable else "nothing of it is left"):
                done = _into_folder(plan, target, images, origins, format, how, who, companion)
    if companion is not None:
        return done
    message = f"is not written: {done.format} has no place for it"
    return replace(done, problems=(*done.problems, *left_out(layers, message)))


def left_out(layers: Any, message: str) -> tuple[Problem, ...]:
    """Say of the geometries of datasets that they are not written."""
    return tuple(
        Problem("geometry-not-written", "warning", geometry.path or geometry.name, message)
        for one in each(layers)
        if isinstance(one, Dataset)
        for geometry in one.geometries
    )


def _into_folder(
    plan: ExportPlan,
    target: Path,
    images: Sequence[LayerImage],
    origins: Sequence[str],
    format: ImageFormat,
    how: How,
    who: Crew,
    companion: Companion | None,
) -> Exported:
    check = TargetCheck(target, origins, how.replace)
    is_new = leftover(target) is None
    if is_new:  # else the target may be what an export has just placed
        check.ahead()
    else:
        check_apart(target, origins)
    if companion is not None:
        companion.settle(target, replace=how.replace, is_new=is_new)
    room = missing_room(target, plan.nbytes)
    with staged(
        target,
        {**told(plan), **stamps(images)},
        check=check,
        resume=how.resume,
        discard=how.restart or (how.replace and not how.resume),
        keep=plan.portable,
    ) as stage:
        if not stage.is_placed:
            who.check_sees(array_folders(images), str(stage.partial / NOTE))
            with companion.made(stage, how) if companion else nullcontext(stage.place) as place:
                _fill(stage, plan, format, how, who)
                place()
    problems = [*plan.losses, *([room] if room else []), *stage.problems]
    return _exported(target, plan, format, problems)


def _fill(stage: Stage, plan: ExportPlan, format: ImageFormat, how: How, who: Crew) -> None:
    folder = {"driver": "file", "path": f"{stage.folder}/"}
    _write(plan, folder, format, how, who, journals=stage.journals)
    if stage.is_resumed or who.executor is not None:  # else nobody was killed
        stage.sweep()
    try:
        format.verify(plan, str(stage.folder), cancel=how.cancel)
    except ExportError as error:
        if not stage.is_resumed:
            raise
        raise ExportError(
            f"{error}; this export was resumed: if its source has changed since it was begun, "
            "restart it"
        ) from error
    _stop_if(how.cancel)


def _write(
    plan: ExportPlan,
    folder: Mapping[str, Any],
    format: ImageFormat,
    how: How,
    who: Crew,
    *,
    journals: Path | None = None,
) -> None:
    with who.failures_named():
        format.write(
            plan,
            folder,
            journals=journals,
            executor=who.executor,
            workers=who.workers,
            progress=how.progress,
            cancel=how.cancel,
        )


def _stop_if(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise ExportCancelled("the export was cancelled")


@contextmanager
def _cancelled(state: str) -> Iterator[None]:
    """Say in what state a cancelled export is."""
    try:
        yield
    except ExportCancelled as error:
        raise ExportCancelled(f"the export was cancelled; {state}") from error


def _into_bucket(
    plan: ExportPlan,
    url: str,
    images: Sequence[LayerImage],
    format: ImageFormat,
    how: How,
    who: Crew,
) -> Exported:
    if how.resume:
        raise ExportError(f"{url}: an export into a bucket cannot be resumed; start it again")
    location, kvstore = remote_target(url)
    check_apart_remote(kvstore, array_stores(images), str(location))
    who.check_sees(array_folders(images))
    begin_remote(kvstore, str(location), replace=how.replace or how.restart)
    _write(plan, kvstore, format, how, who)
    try:
        format.verify(plan, str(location), cancel=how.cancel)
    except BaseException:  # whatever it was, nobody has looked at all of it
        end_unsound(kvstore, str(location))
        raise
    end_remote(kvstore, str(location))
    return _exported(str(location), plan, format, plan.losses)


def _exported(
    path: Path | str, plan: ExportPlan, format: ImageFormat, problems: Iterable[Problem]
) -> Exported:
    paths = tuple(image.written.path for image in plan.images)
    return Exported(path, format.name_of(plan), (), tuple(problems), paths)


def _check_portable(plan: ExportPlan, who: Crew) -> None:
    if who.executor is None or isinstance(who.executor, ThreadPoolExecutor):
        return
    for image in plan.images:
        if not all(part.source.portable for part in image.parts):
            raise ExportError(
                f"{image.written.name} is computed or in the memory of this process, which other "
                "processes cannot read; export it with threads, or save it first"
            )


@contextmanager
def _given(executor: Executor) -> Iterator[Crew]:
    yield Crew(executor)
