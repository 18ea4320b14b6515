"""Reading what was chosen in the browser, so that it only has to be added to a viewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from napari.layers import Layer

from napari_strata import model
from napari_strata.dataset import Dataset, Image
from napari_strata.dataset.entry import Cancel, Cancelled, Entry, look_all
from napari_strata.formats.axis_assignment import arranged
from napari_strata.formats.spacing import different_spacing
from napari_strata.layers.build import Built, build
from napari_strata.layers.geometry.address import Address
from napari_strata.layers.shared_axes import on_shared_axes
from napari_strata.model import OpenError, Problem
from napari_strata.widgets.mesh_folder import OpenedFolder
from napari_strata.widgets.segments import read_segment

MANY = 16
"""More entries than these are only opened after a question."""
FOLDERS_LEFT_OUT = "folders-left-out"
_TRANSPARENT = ("row",)  # of a plate: what is in it counts as in the plate
_LYING_TOGETHER = ("scene", "well")  # whose images lie beside each other, not over each other


@dataclass(frozen=True)
class Group:
    """Everything directly in an entry, not yet looked at."""

    entry: Entry
    members: tuple[Entry, ...]


def members(entry: Entry, cancel: Cancel) -> Group:
    """List what is directly in an entry, itself first if it is an image; reads no image's metadata.

    Raises
    ------
    OpenError
        If it cannot be listed.
    Cancelled
        Once ``cancel`` says so.
    """
    known = entry.look(cancel)
    own = [known] if known.image is not None else []
    page = known.children(cancel=cancel)
    found = list(_flat(page.entries, cancel))
    if not own and not found and page.problems:
        raise OpenError(page.problems[0], page.problems)
    return Group(known, (*own, *found))


def _flat(entries: Sequence[Entry], cancel: Cancel) -> Iterator[Entry]:
    for entry in entries:
        if entry.kind in _TRANSPARENT:
            yield from _flat(entry.children(cancel=cancel).entries, cancel)
        else:
            yield entry


def read_group(group: Group, cancel: Cancel) -> Built:
    """Read everything in a group, labels of its images included; plain folders are left out.

    As where a whole group is opened, the first image is visible and the others are hidden, but
    where they lie beside each other.

    Raises
    ------
    OpenError
        If there is nothing to draw.
    Cancelled
        Once ``cancel`` says so.
    """
    looked = look_all(group.members, cancel)
    folders = [e for e in looked if e.kind in ("group", "container") and not _is_drawn(e)]
    wanted: list[Entry] = []
    for entry in (e for e in looked if e not in folders):
        wanted.append(entry)
        if entry.image is not None and entry is not group.entry:
            wanted += look_all(entry.children(cancel=cancel).entries, cancel)
    wanted = [e for n, e in enumerate(wanted) if e not in wanted[:n]]
    if not wanted and folders:
        message = "holds only folders: open one of them, or open it as a whole"
        raise OpenError(Problem("nothing-to-open", "error", group.entry.name, message))
    order = {"labels": 1, "points": 2, "lines": 2, "graph": 2, "mesh": 2, "segment": 2}
    wanted.sort(key=lambda entry: order.get(entry.kind, 0))
    built = read_entries(wanted, cancel)
    if group.entry.kind not in _LYING_TOGETHER:
        _show_first_image(built.layers)
    if not folders:
        return built
    names = ", ".join(entry.name for entry in folders[:3]) + (", …" if folders[3:] else "")
    message = f"folders are opened by themselves ({len(folders):,} in it: {names})"
    left = Problem(FOLDERS_LEFT_OUT, "info", group.entry.name, message)
    return replace(built, problems=[*built.problems, left])


def read_entries(entries: Sequence[Entry], cancel: Cancel) -> Built:
    """Read entries, each as it would be opened alone, on the axes of all of them.

    One that cannot be opened costs no other: why is among the problems.

    Raises
    ------
    OpenError
        If there is nothing to draw.
    Cancelled
        Once ``cancel`` says so.
    """
    problems: list[Problem] = []
    datasets: list[Dataset] = []
    for entry in entries:
        try:
            datasets.append(entry.open(cancel))
        except OpenError as error:
            problems += error.problems or (error.problem,)
    if len(datasets) > 1:
        datasets = _together(datasets, problems)
    parts: list[Built] = []
    for dataset in datasets:
        if cancel():
            raise Cancelled
        parts.append(build(dataset))
    return _joined(parts, problems)


def read_segment_of(entry: Entry, segment: int, cancel: Cancel) -> Built:
    """Read the mesh of a segment by its id, also where the segments cannot be listed.

    Raises
    ------
    OpenError
        If there is no such mesh.
    Cancelled
        Once ``cancel`` says so.
    """
    dataset = entry.open(cancel)
    (folder,) = dataset.geometries
    address = Address.of(dataset.path, folder.model)
    layers = read_segment(OpenedFolder(address, folder), segment).layers
    return Built(list(layers), [], 0)


def _together(datasets: Sequence[Dataset], problems: list[Problem]) -> list[Dataset]:
    """Bring images onto shared axes, and say what none of them can know of the others."""
    images = [Image(arranged(image.model)) for d in datasets for image in d.images]
    shared = iter(on_shared_axes(images, problems))
    for origin, some in groupby(datasets, key=lambda d: d.choices.origin):
        problems += different_spacing([_named(d, i) for d in some for i in d.images], origin)
    return [
        Dataset(
            d.path,
            [next(shared).model for _ in d.images],
            d.problems,
            [each.model for each in d.geometries],
            d.choices,
        )
        for d in datasets
    ]


def _named(dataset: Dataset, image: Image) -> model.Image:
    """Give an image its whole path, which tells it from one of another dataset."""
    return replace(image.model, path=f"{dataset.path}/{image.path}".rstrip("/"))


def _joined(parts: Sequence[Built], problems: Sequence[Problem]) -> Built:
    every = [*problems, *(p for part in parts for p in part.problems)]
    joined = Built(
        [layer for part in parts for layer in part.layers],
        list(dict.fromkeys(every)),
        sum(part.images_left_out for part in parts),
        sum(part.geometries_left_out for part in parts),
        tuple(folder for part in parts for folder in part.mesh_folders),
    )
    if joined.layers or joined.mesh_folders:
        return joined
    errors = [p for p in every if p.severity == "error"]
    empty = Problem("nothing-to-open", "error", "", "there is nothing in it that can be drawn")
    raise OpenError(errors[0] if errors else empty, every)


def _is_drawn(entry: Entry) -> bool:
    return entry.image is not None or entry.geometry is not None


def _show_first_image(layers: Sequence[Any]) -> None:
    """Hide images and labels but those of the first image."""
    first: object = None
    for item in layers:
        if _kind(item) not in ("image", "labels"):
            continue
        whose = _image(item)
        first = first or whose
        if whose != first:
            _hide(item)


def _kind(item: Any) -> str:
    return str(item._type_string if isinstance(item, Layer) else item[2])


def _image(item: Any) -> tuple[str, str]:
    metadata = item.metadata if isinstance(item, Layer) else item[1]["metadata"]
    note = metadata["strata"]
    return note["path"], note["name"]


def _hide(item: Any) -> None:
    if isinstance(item, Layer):
        item.visible = False
    else:
        item[1]["visible"] = False
