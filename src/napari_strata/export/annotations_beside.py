"""Images and labels as OME-Zarr, with the annotations among the layers beside them.

OME-Zarr has no place for points, shapes, vectors, surfaces and tracks. They go to the folder
``NAME.annotations`` beside ``NAME.ome.zarr``, one ZVF store a layer in world coordinates, and a
manifest that lists them; see `napari_strata.formats.annotations_beside`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_strata import dataset
from napari_strata.export.errors import ExportCancelled, ExportError
from napari_strata.export.formats import ANNOTATIONS, as_list
from napari_strata.export.geometries import annotations_extras as extras
from napari_strata.export.geometries.annotations_manifest import Entry, write_manifest
from napari_strata.export.geometries.annotations_place import (
    are_ours,
    check_folder,
    folder_beside,
    place_both,
    settle,
    staged_beside,
)
from napari_strata.export.geometries.shapes_to_labels import shapes_as_labels
from napari_strata.export.geometries.zvf import fill
from napari_strata.export.geometries.zvf_verify import annotation_of
from napari_strata.export.images import How, ImageFormat, write_images
from napari_strata.export.planning.names import folder_names
from napari_strata.export.planning.options import Options
from napari_strata.export.result import Exported
from napari_strata.export.safety.stage_folder import Stage
from napari_strata.formats.zvf_keys import SUFFIX
from napari_strata.model import OpenError, Problem

if TYPE_CHECKING:
    from napari_strata.layers.annotations.annotation import Annotation


@dataclass(frozen=True)
class Parted:
    """Layers, taken apart.

    Attributes
    ----------
    images : what is no annotation: layers, images and datasets.
    annotations : in their order.
    problems : what is not written.
    """

    images: tuple[Any, ...]
    annotations: tuple[Annotation, ...] = ()
    problems: tuple[Problem, ...] = ()


def parted(layers: Any) -> Parted:
    """Take annotations out of layers, and out of datasets that were opened with some.

    Raises
    ------
    ExportError : an annotation cannot be stored exactly; or there are annotations alone.
    """
    images: list[Any] = []
    annotations: list[Annotation] = []
    problems: list[Problem] = []
    for one in as_list(layers):
        if getattr(one, "_type_string", None) in ANNOTATIONS:
            if _is_empty(one):
                message = "is empty, so it is not written"
                problems.append(Problem("annotation-empty", "info", one.name, message))
                continue
            annotations.append(_of_layer(one))
            continue
        if isinstance(one, dataset.Dataset):
            annotations += _of_dataset(one, problems)
        images.append(one)
    return Parted(tuple(images), tuple(annotations), tuple(problems))


def _of_layer(layer: Any) -> Annotation:
    from napari_strata.layers.annotations.annotation import (
        from_layer,  # napari: only where there is a layer
    )

    try:
        return from_layer(layer)
    except ValueError as error:
        raise ExportError(str(error)) from error


def check_has_images(layers: Any, path: str | os.PathLike[str]) -> None:
    """Refuse annotations alone: they go beside images.

    Raises
    ------
    ExportError : there is no image among the layers; it says where they can go.
    """
    kinds = {getattr(one, "_type_string", None) for one in as_list(layers)}
    if not kinds or not kinds <= ANNOTATIONS:
        return
    raise ExportError(
        f"OME-Zarr has no place for {', '.join(sorted(map(str, kinds)))}, and there is no image "
        f"for them to be beside; write each to a store of its own, such as {_alone(path)} (File > "
        "Save Selected Layers)"
    )


def _alone(path: str | os.PathLike[str]) -> str:
    name = os.path.basename(os.fspath(path).rstrip("/\\"))
    return name.removesuffix(".zarr").removesuffix(".ome") + SUFFIX


def write(
    layers: Any, path: str | os.PathLike[str], format: ImageFormat, options: Options, how: How
) -> Exported:
    """Write images and labels, and the annotations among the layers beside them.

    Raises
    ------
    ExportError, OSError, ExportCancelled : see `napari_strata.export.export`.
    """
    if options.shapes == "labels":
        layers = shapes_as_labels(as_list(layers))
    check_has_images(layers, path)
    given = parted(layers)
    beside = Beside(given, extras.kinds_of(options.annotations))
    return beside.told(write_images(given.images, path, format, options, how, beside))


class Beside:
    """The annotations of one export: written, placed with their dataset, or not at all."""

    def __init__(self, given: Parted, kinds: Sequence[str] = ()) -> None:
        extras.check(kinds)
        self._given, self._kinds = given, tuple(kinds)
        self.problems: list[Problem] = list(given.problems)
        for annotation in given.annotations:
            self.problems += annotation.problems

    def check_remote(self, url: str) -> None:
        """Refuse annotations beside a dataset in a bucket, where ZVF stores cannot be checked.

        Raises
        ------
        ExportError : there are some.
        """
        if self._given.annotations:
            raise ExportError(
                f"{url}: annotations are written beside datasets on this computer only; export "
                "the images and labels alone, or write all of it here and copy both folders"
            )

    def settle(self, target: Path, *, replace: bool, is_new: bool) -> None:
        """Put right what a killed export left, then see whether the annotations have a place.

        Parameters
        ----------
        is_new : whether nothing is left of an earlier export, which may be in its place already.

        Raises
        ------
        ExportError : they have none.
        """
        settle(target)
        if self._given.annotations and is_new:
            check_folder(target, replace=replace)

    @contextmanager
    def made(self, stage: Stage, how: How) -> Iterator[Callable[[], None]]:
        """Write the annotations for a dataset that is being made; gives what puts both in place.

        Raises
        ------
        ExportError, OSError, ExportCancelled : both targets are as before.
        """
        if not self._given.annotations:
            yield stage.place
            return
        with staged_beside(stage, replace=how.replace) as beside:
            entries = self._write(beside.folder, how)

            def place() -> None:
                write_manifest(beside.folder, entries, stage.folder, stage.target.name)
                _verify(beside.folder, entries)
                place_both(beside, stage)

            yield place
        self.problems += beside.problems

    def told(self, done: Exported) -> Exported:
        """Add to what an export says of itself."""
        problems = (*done.problems, *self.problems)
        if isinstance(done.path, str):
            return replace(done, problems=problems)
        folder = folder_beside(done.path)
        if self._given.annotations:
            return replace(done, problems=problems, annotations=folder)
        if are_ours(folder):
            message = (
                "is beside the dataset and was not written with it; it is opened with it, so "
                "remove it if it does not belong to it"
            )
            problems = (*problems, Problem("annotations-kept", "warning", str(folder), message))
        return replace(done, problems=problems)

    def _write(self, folder: Path, how: How) -> list[Entry]:
        annotations = self._given.annotations
        entries = []
        names = folder_names(annotation.name for annotation in annotations)
        for annotation, name in zip(annotations, names, strict=True):
            if how.cancel is not None and how.cancel.is_set():
                raise ExportCancelled("the export was cancelled; it can be resumed")
            store = folder / f"{name}{SUFFIX}"
            store.mkdir()
            try:
                _, problems = fill(annotation, store)
            except ValueError as error:
                raise ExportError(str(error)) from error
            self.problems += problems
            further = extras.write(annotation, folder, name, self._kinds)
            entries.append(Entry(annotation, f"{name}{SUFFIX}", further))
        return entries


def _is_empty(layer: Any) -> bool:
    return layer._type_string != "surface" and len(layer.data) == 0


def _of_dataset(opened: dataset.Dataset, problems: list[Problem]) -> list[Annotation]:
    """Make annotations of what a dataset was opened with; say what else is left out."""
    found = []
    for geometry in opened.geometries:
        try:
            if not geometry.model.layer:
                raise ValueError("it is no layer of napari's that was saved")
            found.append(annotation_of(geometry, geometry.read()))
        except (OpenError, ValueError) as error:
            message = f"is not written: {error}"
            where = geometry.path or geometry.name
            problems.append(Problem("geometry-not-written", "warning", where, message))
    return found


def _verify(folder: Path, entries: Sequence[Entry]) -> None:
    """Open the folder as it will be opened; each store was compared bit for bit before.

    Raises
    ------
    ExportError : it is not what was to be written.
    """
    try:
        found = dataset.open(str(folder))
    except OpenError as error:
        raise ExportError(f"the annotations cannot be read back: {error}") from error
    if found.problems:
        raise ExportError(f"reading the annotations back: {found.problems[0]}")
    names = [(g.path, g.name) for g in found.geometries]
    expected = [(e.file, e.annotation.layer["name"]) for e in entries]
    if names != expected:
        raise ExportError(f"the annotations that are read back are {names}, expected {expected}")
