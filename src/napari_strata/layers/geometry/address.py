"""How a geometry is opened again: by what was opened, as it was opened, and its path in that.

By its own path alone it may lie elsewhere: where meshes lie is said by the volume or the image
they are found with, and by the origin that was asked for; what it takes to read it, a profile.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from napari_strata import dataset
from napari_strata import geometry as values
from napari_strata.dataset import Choices, Dataset


@dataclass(frozen=True)
class Address:
    """Where a geometry is; of a segment's mesh, the folder of meshes.

    Attributes
    ----------
    dataset : what was opened.
    geometry : the path in it; empty if that was the geometry itself.
    choices : how it was opened. Which space vertices are taken in is the layer's own matter.
    """

    dataset: str
    geometry: str = ""
    choices: Choices = field(default_factory=Choices)

    @classmethod
    def of(cls, dataset_path: str, geometry: values.Geometry) -> Address:
        """Give the address of a geometry that was found in a dataset."""
        path = _without_segment(geometry.path, geometry.segment)
        return cls(dataset_path, path, _without_vertices(dict(geometry.choices)))

    @classmethod
    def recorded(cls, note: Mapping[str, Any]) -> Address:
        """Give the address in the record of a layer of a geometry.

        Raises
        ------
        ValueError
            If its choices are none.
        """
        path = _without_segment(str(note["geometry"]), note.get("segment"))
        return cls(str(note["dataset"]), path, _without_vertices(note.get("choices", {})))

    @property
    def path(self) -> str:
        """What was opened and the path in it, in one."""
        joined = f"{self.dataset.rstrip('/')}/{self.geometry}".rstrip("/")
        if not self.geometry.startswith("../"):
            return joined
        scheme, mark, rest = joined.rpartition("://")  # it lies beside; buckets know no ``..``
        return f"{scheme}{mark}{posixpath.normpath(rest)}"

    def open(self) -> Dataset:
        """Open the dataset as it was opened.

        Raises
        ------
        OpenError
            If it cannot be opened.
        """
        return dataset.open(self.dataset, **asdict(self.choices))


def _without_vertices(choices: Mapping[str, str]) -> Choices:
    return replace(Choices.from_json(choices), vertices=None)


def _without_segment(path: str, segment: object) -> str:
    return path if segment is None else path.removesuffix(str(segment)).rstrip("/")
