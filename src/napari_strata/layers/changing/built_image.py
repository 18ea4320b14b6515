"""What an image becomes in a viewer, taken apart: levels, record and places of one layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari.layers import Layer

from napari_strata.affine import Matrix
from napari_strata.dataset import Dataset, Image
from napari_strata.formats.axis_assignment import arranged
from napari_strata.layers.build import LayerData, image_layers
from napari_strata.layers.changing.opened_image import levels_of, opened_worlds
from napari_strata.layers.choose import choose
from napari_strata.layers.notes import KEY
from napari_strata.layers.placement import Placement
from napari_strata.layers.record import PER_LEVEL, Source
from napari_strata.layers.shared_axes import on_shared_axes
from napari_strata.model import Problem


@dataclass(frozen=True)
class BuiltImage:
    """One layer of an image, not in a viewer.

    Attributes
    ----------
    item : the layer, or napari's (data, arguments, type) tuple.
    data : the levels' arrays, finest first.
    note : its record.
    exact : whether napari by itself would draw a level elsewhere.
    """

    item: LayerData
    data: tuple[Any, ...]
    note: Mapping[str, Any]
    exact: bool

    @property
    def worlds(self) -> list[Matrix]:
        """Where the levels are: layer's axes and units."""
        return opened_worlds(self.note)

    @property
    def placement(self) -> Placement:
        """Where they are relative to the first."""
        return Placement.from_affines(self.worlds)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The levels' shapes."""
        return [tuple(int(n) for n in array.shape) for array in self.data]

    def only(self, levels: Sequence[int]) -> BuiltImage:
        """Leave out all other levels, from what is known; ``item`` still has them."""
        note = {**self.note, **{k: [self.note[k][i] for i in levels] for k in PER_LEVEL}}
        return replace(self, data=tuple(self.data[i] for i in levels), note=note)


def built(source: Source, image: Image, problems: list[Problem]) -> list[BuiltImage]:
    """Make an image's layers, one a channel; what cannot be drawn is added to ``problems``.

    They are not visible: napari reads for one that is, when it is made.
    """
    return [_taken_apart(item) for item in image_layers(source, image, problems, visible=False)]


def _taken_apart(item: LayerData) -> BuiltImage:
    if isinstance(item, Layer):
        return BuiltImage(item, tuple(levels_of(item)), item.metadata[KEY], True)
    data, arguments = item[0], item[1]
    levels = tuple(data) if isinstance(data, list) else (data,)
    return BuiltImage(item, levels, arguments["metadata"][KEY], False)


def on_each_axes(dataset: Dataset, image: Image, shown: Image) -> Iterator[Image]:
    """Give an image as it is by itself, then on the axes of those it is opened with.

    ``shown`` is ``image``, one of the dataset's, as it is to be: in another system, perhaps.
    """
    shown = _arranged(shown)
    yield shown
    others, _ = choose(dataset.images)
    for images in (others, list(dataset.images)):
        if image in images:
            place = images.index(image)
            beside = [shown if i is image else _arranged(i) for i in images]
            yield on_shared_axes(beside, [])[place]


def _arranged(image: Image) -> Image:
    model = arranged(image.model)
    return image if model is image.model else Image(model)
