"""The geometries of a dataset that become layers, and the folders of meshes that wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from napari.layers import Layer

from napari_strata.dataset import Dataset, Geometry
from napari_strata.layers.choose import MOST_MESHES, choose_geometries, is_few
from napari_strata.layers.geometry.address import Address
from napari_strata.layers.geometry.build import LayerData, geometry_layers
from napari_strata.layers.viewer_axes import arranged_axes
from napari_strata.model import OpenError, Problem


@dataclass(frozen=True)
class WaitingFolder:
    """A folder of meshes, one a segment, of which none is shown unasked.

    Attributes
    ----------
    address : how it is opened to choose one.
    count : how many segments there are; None where they cannot be listed.
    """

    address: Address
    name: str
    count: int | None


@dataclass
class OfGeometries:
    """Layers of geometries, and what did not become one."""

    layers: list[LayerData] = field(default_factory=list)
    left_out: int = 0
    mesh_folders: list[WaitingFolder] = field(default_factory=list)


def geometries_of(dataset: Dataset, images: Sequence[Any], problems: list[Problem]) -> OfGeometries:
    """Make the layers of a dataset's geometries, to lie over its images.

    Parameters
    ----------
    images : the layers of the images.
    problems : gets what went wrong; a geometry that cannot be drawn costs no other.
    """
    chosen, left_out = choose_geometries(dataset.geometries)
    result = OfGeometries(left_out=left_out)
    for index, geometry in enumerate(chosen):
        visible = is_few(chosen) or (index == 0 and not images)
        if geometry.model.folder is not None:
            _add_folder(dataset.path, geometry, visible, result, problems)
        else:
            is_whole = geometry.model.annotation  # as the layer it was, however large
            result.layers += geometry_layers(
                dataset.path,
                geometry,
                problems,
                level=0 if is_whole else None,
                visible=visible or is_whole,
            )
        problems += _not_shared(geometry, images)
    return result


def _add_folder(
    dataset_path: str,
    geometry: Geometry,
    visible: bool,
    result: OfGeometries,
    problems: list[Problem],
) -> None:
    """Make the layers of a folder's meshes, the first of them visible, if they are few."""
    segments = geometry.segments
    problems += geometry.model.problems
    if segments is None or len(segments) > MOST_MESHES:
        address = Address.of(dataset_path, geometry.model)
        count = None if segments is None else len(segments)
        result.mesh_folders.append(WaitingFolder(address, geometry.name, count))
        return
    for segment in segments:
        try:
            mesh = geometry.segment(segment)
        except OpenError as error:
            problems.append(error.problem)
            continue
        found = geometry_layers(dataset_path, mesh, problems, visible=visible)
        visible = visible and not found
        result.layers += found


def _not_shared(geometry: Geometry, images: Sequence[Any]) -> list[Problem]:
    """Say where a viewer would match an axis of the geometry with another of an image.

    It matches axes from the last one, and never by name.
    """
    own = _names(arranged_axes(geometry.axes).labels)
    for image in images:
        labels = image.axis_labels if isinstance(image, Layer) else image[1]["axis_labels"]
        shared = min(len(own), len(labels))
        if own[len(own) - shared :] == _names(labels)[len(labels) - shared :]:
            continue
        message = (
            f"has the axes {', '.join(own)} and an image of the dataset {', '.join(labels)}; its "
            "sliders are not theirs"
        )
        return [Problem("axes-not-shared", "warning", geometry.path or ".", message)]
    return []


def _names(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(label.lower() for label in labels)
