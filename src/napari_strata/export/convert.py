"""The command ``convert``: from a dataset to another, without a viewer, and what it prints."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from napari_strata.dataset import Dataset, Image, OpenError
from napari_strata.export.errors import ExportCancelled, ExportError
from napari_strata.export.formats import image_format, writer
from napari_strata.export.images import How, as_images, left_out
from napari_strata.export.planning.export_plan import ExportPlan
from napari_strata.export.planning.options import Options
from napari_strata.export.planning.plan_table import print_plan, print_problems
from napari_strata.export.planning.plan_text import bytes_text, seconds_text
from napari_strata.export.result import Exported
from napari_strata.export.run import BackgroundExport, Snapshot
from napari_strata.export.safety.place import (
    TargetExists,
    check_name,
    local_target,
    missing_room,
)
from napari_strata.export.safety.remote import is_remote
from napari_strata.export.safety.stage_folder import LeftoverError
from napari_strata.model import Problem

REFUSED = 2
FAILED = 1

_WITH_ANNOTATIONS = "ome-zarr"
_SECONDS = 0.2  # between two looks at how far it is


class ConvertError(Exception):
    """It was refused or failed; ``str()`` is one line, ``code`` what the command ends with."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


Chosen = Dataset | Sequence[Image]
"""All of a dataset, with what else is in it; or some of its images."""


def chosen(found: Dataset, paths: Sequence[str], *, everything: bool) -> Chosen:
    """Return what to convert: the dataset where all its images are meant.

    Raises
    ------
    ConvertError : there is none, or which of several was not said.
    """
    if not found.images:
        raise ConvertError(f"{found.path}: there is no image", REFUSED)
    if everything and paths:
        raise ConvertError("found both --all and --image, expected one", REFUSED)
    if paths:
        try:
            return tuple(dict.fromkeys(found[path] for path in paths))
        except KeyError as error:
            raise ConvertError(str(error.args[0]), REFUSED) from None
    if everything:
        return found
    if len(found.images) > 1:
        listed = ", ".join(repr(image.path) for image in found.images)
        raise ConvertError(
            f"{found.path} holds {len(found.images)} images: say --all, or which with --image: "
            f"{listed}",
            REFUSED,
        )
    return found


def plan_only(images: Chosen, path: str, format: str, options: Options) -> None:
    """Print what would be written.

    Raises
    ------
    ConvertError : it cannot be written so.
    """
    with _refusing():
        kind = image_format(format)
        plan = kind.plan(as_images(images), options)
        check_name(path, kind.name_of(plan))
    print_plan(_console(), plan, kind.name_of(plan))
    _, left = _without_geometries(images, path, format)
    print_problems(_console(), left)
    if isinstance(images, Dataset) and not left:
        _print_annotations([g.name for g in images.geometries if g.model.layer])


def convert_images(images: Chosen, path: str, format: str, options: Options, how: How) -> Exported:
    """Write images, with a bar in the terminal; an interrupt stops it so that it can be resumed.

    Raises
    ------
    ConvertError : it was refused, failed or was stopped.
    """
    images, left = _without_geometries(images, path, format)
    with _refusing():
        write = writer(format)
        _print_estimate(path, image_format(format).plan(as_images(images), options))

    def work(progress: Any, cancel: threading.Event) -> Exported:
        return write(images, path, options, replace(how, progress=progress, cancel=cancel))

    job = BackgroundExport(work)
    with _told_to_stop(), _bar() as show:
        while True:
            try:
                if job.wait(_SECONDS):
                    break
                show(job.snapshot())
            except KeyboardInterrupt:
                if job.is_cancelled:
                    raise
                job.cancel()
        show(job.snapshot())
    try:
        done = job.result()
    except ExportCancelled as stopped:
        hint = "--restart" if is_remote(path) else "--resume"
        raise ConvertError(f"{stopped}: {hint}", FAILED) from None
    except (ExportError, OpenError, OSError) as error:
        has_begun = job.snapshot().total > 0
        message = f"{one_line(error)}{_hint(error, how)}"
        raise ConvertError(message, FAILED if has_begun else REFUSED) from error
    _print_done(replace(done, problems=(*done.problems, *left)), job.snapshot())
    return done


def _without_geometries(
    images: Chosen, path: str, format: str
) -> tuple[Chosen, tuple[Problem, ...]]:
    """Take geometries away where they cannot go with the images, and say so."""
    if not isinstance(images, Dataset):
        return images, ()
    if is_remote(path):
        message = "is not written: annotations go beside datasets on this computer only"
    elif format != _WITH_ANNOTATIONS:
        message = f"is not written: {format} has no place for it"
    else:
        return images, ()
    return images.images, left_out(images, message)


def one_line(error: Exception) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(error).split())


def _hint(error: Exception, how: How) -> str:
    """Say which option helps."""
    if isinstance(error, LeftoverError):
        return ": --resume or --restart"
    return ": --replace" if isinstance(error, TargetExists) and not how.replace else ""


def _print_estimate(path: str, plan: ExportPlan) -> None:
    """Tell a person at a terminal how much is going to be written, before it is."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        return
    levels = sum(len(image.levels) for image in plan.images)
    console.print(f"{levels} levels, {bytes_text(plan.nbytes)} before compression")
    room = None if is_remote(path) else missing_room(local_target(path), plan.nbytes)
    print_problems(console, [] if room is None else [room])


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (ExportError, OpenError) as error:
        raise ConvertError(one_line(error), REFUSED) from error


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """Let the signal that batch systems end a job with stop it as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _bar() -> Iterator[Any]:
    """Give what shows how far it is; nothing where no terminal is."""
    console = Console(stderr=True)
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None, rate="", left="")
        yield lambda snapshot: _show(progress, task, snapshot)


def _show(progress: Progress, task: TaskID, snapshot: Snapshot) -> None:
    rate = "" if snapshot.rate is None else f"{bytes_text(snapshot.rate)}/s"
    left = f"{seconds_text(snapshot.left)} left"
    is_written = snapshot.total and snapshot.done >= snapshot.total
    progress.update(
        task,
        completed=snapshot.done,
        total=snapshot.total or None,
        rate=rate,
        left="checking what was written" if is_written else left,
    )


def _print_done(done: Exported, snapshot: Snapshot) -> None:
    console = _console()
    count = len(done.images)
    console.print(
        f"{escape(str(done.path))}: {done.format}, {count} image{'s' if count > 1 else ''}, "
        f"{bytes_text(snapshot.total)} before compression, in {seconds_text(snapshot.seconds)}"
    )
    if done.annotations is not None:
        _print_annotations([], done.annotations)
    print_problems(console, done.problems)


def _print_annotations(names: Sequence[str], folder: Path | None = None) -> None:
    """Say which annotations go beside the images, or where they went."""
    if folder is not None:
        _console().print(f"{escape(str(folder))}: its annotations")
    elif names:
        _console().print(f"annotations beside it: {escape(', '.join(names))}")


def _console() -> Console:
    console = Console(highlight=False, soft_wrap=True)
    console.width = max(console.width, 140)
    return console
