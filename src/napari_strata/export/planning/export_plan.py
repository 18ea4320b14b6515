"""A planned export, as a value: every image and level, every metadata file, what is lost."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_strata.affine import Matrix
from napari_strata.export.documents import omero
from napari_strata.export.documents.ome_layout import Document
from napari_strata.export.documents.ome_multiscales import Version
from napari_strata.export.documents.written import WrittenImage
from napari_strata.export.pixels.codecs import Codec, Container
from napari_strata.export.pixels.pyramid import LevelPlan
from napari_strata.export.pixels.sources import Source
from napari_strata.export.pixels.targets import Target
from napari_strata.export.planning.image_parts import Part, levels_of
from napari_strata.model import Problem


@dataclass(frozen=True)
class PlannedImage:
    """One image that is written.

    Attributes
    ----------
    written : what its metadata says.
    parts : where its levels come from, finest first.
    worlds : ``(n + 1, n + 1)`` of each level, voxel centre → world, on its own axes and units.
    parent : path of the image whose ``labels`` it is in; None of an image by itself.
    """

    written: WrittenImage
    parts: tuple[Part, ...]
    worlds: tuple[Matrix, ...]
    parent: str | None = None

    @property
    def path(self) -> str:
        """Of its group, relative to the root."""
        return self.written.path

    @property
    def levels(self) -> tuple[LevelPlan, ...]:
        """Shapes, chunks and dtype of all levels, finest first."""
        return levels_of(self.parts)

    @property
    def nbytes(self) -> int:
        """Size of all its voxels, uncompressed."""
        return sum(level.nbytes for level in self.levels)

    @property
    def windowless(self) -> tuple[int, ...]:
        """Channels whose contrast limits are estimated once the pixels are written."""
        if self.written.kind != "image" or not omero.is_needed(self.written.display):
            return ()
        shown = self.written.display.channels
        given = [k for k, channel in enumerate(shown) if channel.window is not None]
        return tuple(k for k in range(self.channel_count) if k not in given)

    @property
    def channel_count(self) -> int:
        """How many channels it has, 1 without a channel axis."""
        shape = self.levels[0].shape
        axes = zip(self.written.axes, shape, strict=True)
        return next((n for axis, n in axes if axis.type == "channel"), 1)


@dataclass(frozen=True)
class ExportPlan:
    """Everything that is written, and what cannot be.

    Attributes
    ----------
    container : which kind of arrays.
    images : with the labels below them.
    documents : metadata files of groups, by their path relative to the root; the root's last.
    losses : what the format has no place for, and what was decided on the way.
    """

    version: Version
    container: Container
    codec: Codec
    images: tuple[PlannedImage, ...]
    documents: tuple[Document, ...]
    losses: tuple[Problem, ...]

    @property
    def nbytes(self) -> int:
        """Size of all voxels of all levels, uncompressed: more than will be stored."""
        return sum(image.nbytes for image in self.images)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Everything that is read."""
        return tuple(part.source for image in self.images for part in image.parts)

    @property
    def portable(self) -> bool:
        """Whether other processes can read all of it."""
        return all(source.portable for source in self.sources)

    @property
    def fingerprint(self) -> str:
        """The same text for the same chunks, places and files, so that it can be resumed."""
        told: list[Any] = [self.version, [key for key, _ in self.documents]]
        for image in self.images:
            for part in image.parts:
                told.append([image.path, part.first, part.source.identity, part.pyramid.method])
                told += [
                    [level.shape, level.factors, level.affine.tolist(), target.metadata(level)]
                    for level, target in zip(
                        part.pyramid.levels, self.targets(image, part, {}), strict=True
                    )
                ]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def targets(self, image: PlannedImage, part: Part, kvstore: Mapping[str, Any]) -> list[Target]:
        """Return where each level of a part goes, below the root at ``kvstore``."""
        members = {}
        if self.container == "zarr3":
            members["dimension_names"] = [axis.name for axis in image.written.axes]
        levels = image.written.levels[part.first :][: len(part.pyramid.levels)]
        return [
            Target(
                below(kvstore, f"{image.path}/{level.path}"), self.container, self.codec, members
            )
            for level in levels
        ]


def below(kvstore: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the key-value store of a folder in another one."""
    inner = path.strip("/")
    root = str(kvstore.get("path", ""))
    return {**kvstore, "path": f"{root}{inner}/" if inner else root}


def estimate(plan: ExportPlan) -> list[tuple[str, int, int]]:
    """Return path, number of chunk or shard files at most, and bytes of every level."""
    rows = []
    for image in plan.images:
        for level, where in zip(image.levels, image.written.levels, strict=True):
            files = math.prod(-(-n // u) for n, u in zip(level.shape, level.unit, strict=True))
            rows.append((f"{image.path}/{where.path}".strip("/"), files, level.nbytes))
    return rows
