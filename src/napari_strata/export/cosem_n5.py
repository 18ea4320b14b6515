"""Writing images as COSEM N5: a container with a group an image, labels below ``labels/``.

Arrays keep the axes and their order; every layer is an image of its own. What places a level is
on its array and on its group (`cosem_metadata`). N5 has no place for how an image looks.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_strata.export.documents.cosem_metadata import (
    N5_VERSION,
    CosemDocuments,
    Json,
    cosem_documents,
)
from napari_strata.export.documents.written import NotCarried, WrittenLevel
from napari_strata.export.errors import ExportError
from napari_strata.export.ome_zarr import Folder, write_arrays, write_documents
from napari_strata.export.pixels.engine import Progress, Way
from napari_strata.export.pixels.targets import Target
from napari_strata.export.planning.asked_part import asked_parts, check_sizes
from napari_strata.export.planning.image_parts import Part
from napari_strata.export.planning.image_plan import ExportPlan, PlannedImage, planned_image
from napari_strata.export.planning.layer_image import LayerImage
from napari_strata.export.planning.names import folder_names
from napari_strata.export.planning.options import Options
from napari_strata.export.verify import verify
from napari_strata.formats import _grid
from napari_strata.model import Display, Problem

__all__ = ["CosemPlan", "plan_images", "verify", "write"]

_LABELS = "labels"
_FILE = "attributes.json"
_PREDICTION = "_pred"  # below labels/ such a name is an image's


@dataclass(frozen=True)
class CosemPlan(ExportPlan):
    """Everything that is written.

    Attributes
    ----------
    members : by image path and level path, what each array's own file says of its place.
    """

    members: tuple[tuple[str, tuple[tuple[str, Json], ...]], ...] = ()

    def targets(self, image: PlannedImage, part: Part, kvstore: Mapping[str, Any]) -> list[Target]:
        """Return where each level of a part goes, below the root at ``kvstore``."""
        arrays = dict(dict(self.members)[image.path])
        levels = image.written.levels[part.first :][: len(part.pyramid.levels)]
        found = super().targets(image, part, kvstore)
        return [
            replace(target, members=arrays[level.path])
            for target, level in zip(found, levels, strict=True)
        ]


def plan_images(layers: Sequence[Any], options: Options | None = None) -> CosemPlan:
    """Plan an export; nothing is read or written.

    Parameters
    ----------
    layers : napari's Image and Labels layers, or `LayerImage` values.

    Raises
    ------
    ExportError
        If it cannot be made as it was asked for; the message names the layer.
    """
    options = options or Options()
    if options.version is not None:
        raise ExportError(f"version: found {options.version!r}, but COSEM N5 has none to choose")
    if options.shards is not False:
        raise ExportError("shards: N5 has none; write OME-Zarr 0.5")
    losses: list[Problem] = []
    images = asked_parts(layers, options, losses)
    if not images:
        raise ExportError("nothing to write: no Image or Labels layer has a voxel in what is asked")
    check_sizes([image.axes for image in images], options)
    planned, documents, members = [], [], []
    for image, path in zip(images, _paths(images), strict=True):
        _check_axes(image)
        losses += image.losses
        one, described = _planned(image, path, options, losses)
        planned.append(one)
        documents.append((f"{path}/{_FILE}", described.group))
        members.append((path, tuple(described.arrays.items())))
    return CosemPlan(
        version="0.5",  # of OME-Zarr, which this is not; nothing below looks at it
        container="n5",
        codec=options.codec,
        images=tuple(planned),
        documents=(*documents, (_FILE, {"n5": N5_VERSION})),
        losses=tuple(dict.fromkeys(losses)),
        members=tuple(members),
    )


def write(
    plan: CosemPlan,
    folder: Folder,
    *,
    way: Way | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    journals: str | Path | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write everything into an empty folder, the root's metadata last; see `ome_zarr.write`."""
    write_arrays(
        plan, folder, way=way, executor=executor, workers=workers,
        journals=journals, progress=progress, cancel=cancel,
    )  # fmt: skip
    write_documents(plan, folder)


def _check_axes(image: LayerImage) -> None:
    for axis in image.axes:
        if _grid.axis_type(axis.name) != axis.type:
            raise ExportError(
                f"{image.name}: axis {axis.name} is one of {axis.type}; N5 tells axes by their "
                "names alone (x, y, z, t, c), so rename it first"
            )


def _paths(images: Sequence[LayerImage]) -> list[str]:
    """Return a group for each image; where it is tells labels from images."""
    names = folder_names(
        f"{i.name}_seg" if i.kind == "labels" and i.name.endswith(_PREDICTION) else i.name
        for i in images
    )
    return [
        f"{_LABELS}/{name}" if image.kind == "labels" else name
        for image, name in zip(images, names, strict=True)
    ]


def _planned(
    image: LayerImage, path: str, options: Options, losses: list[Problem]
) -> tuple[PlannedImage, CosemDocuments]:
    """Plan one image, its levels called s0, s1, …"""
    whole = planned_image(image, path, options)
    shown = Display()
    if image.display != shown:
        message = "N5 has no place for how an image looks: colours, contrast and names of channels"
        losses.append(Problem("display-not-carried", "warning", image.name, message))
    name = path.rpartition("/")[2]
    if name != image.name:
        message = f"is called {name} there, after its folder"
        losses.append(Problem("name-not-carried", "info", image.name, message))
    levels = tuple(
        WrittenLevel(f"s{k}", level.affine) for k, level in enumerate(whole.written.levels)
    )
    written = replace(whole.written, name=name, levels=levels, display=shown)
    try:
        described = cosem_documents(written)
    except NotCarried as error:
        raise ExportError(str(error)) from error
    losses += [replace(p, where=f"{path}/{p.where}") for p in described.losses]
    return replace(whole, written=written), described
