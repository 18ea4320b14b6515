"""Rules about the entries of ``datasets``: the levels of an image."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from napari_strata.check.element import Element, Fault, multiscales
from napari_strata.check.rules import Rules
from napari_strata.model import OpenError
from napari_strata.store.values import quote


def _lists(root: Element) -> Iterator[Element]:
    for multiscale in multiscales(root):
        if "datasets" in multiscale:
            yield multiscale["datasets"]


def entries(root: Element) -> Iterator[Element]:
    """Go through the datasets that are objects."""
    for listed in _lists(root):
        yield from listed.objects()


LISTS = Rules("datasets", _lists)
RULES = Rules("datasets", entries)


@LISTS.must("invalid-value", "datasets is a list of at least one object")
def _objects(datasets: Element) -> Iterator[Fault]:
    if not datasets.items():
        yield datasets.expected("a list of at least one dataset")
    for item in datasets.items():
        if not item.is_object:
            yield item.expected("an object {…} with a path")


@LISTS.must("spec-level-order", "levels are listed from the finest to the coarsest", since="0.4")
def _order(datasets: Element) -> Iterator[Fault]:
    sizes = [_voxel_size(dataset) for dataset in datasets.items()]
    known = [size for size in sizes if size is not None]
    if any(later < former * (1 - 1e-9) for former, later in pairwise(known)):
        yield datasets.place, "found a finer level after a coarser one, expected the finest first"


def _voxel_size(dataset: Element) -> float | None:
    """Multiply a level's scale over the axes of space; None where it has none."""
    assert dataset.parent is not None
    assert dataset.parent.parent is not None
    multiscale = dataset.parent.parent
    listed = dataset["coordinateTransformations"].objects()
    if listed and listed[0]["type"].value == "sequence":
        listed = listed[0]["transformations"].objects()
    scales = [t["scale"].items() for t in listed if t["type"].value == "scale"]
    if len(scales) != 1 or not all(n.is_number and n.value for n in scales[0]):
        return None
    systems = multiscale["coordinateSystems"].objects()
    axes = (systems[0]["axes"] if len(systems) == 1 else multiscale["axes"]).objects()
    spatial = [axis["type"].value == "space" for axis in axes]
    if len(spatial) != len(scales[0]):
        spatial = [True] * len(scales[0])
    kept = [abs(n.value) for n, is_space in zip(scales[0], spatial, strict=True) if is_space]
    return math.prod(float(n) for n in kept)


@RULES.must("missing-key", "each dataset contains a path")
def _path(dataset: Element) -> Iterator[Fault]:
    path = dataset["path"]
    if "path" not in dataset:
        yield path.place, "found no path, expected a text"
    elif not isinstance(path.value, str):
        yield path.expected("a path (text)")


@RULES.must("bad-path", "a dataset's path leads to an array in its group")
def _inside(dataset: Element) -> Iterator[Fault]:
    path = dataset["path"]
    if not isinstance(path.value, str):
        return
    try:
        path.node.descend(path.value, path.place)
    except OpenError as error:
        yield path.place, error.problem.message


@RULES.must("missing-key", "each dataset contains coordinateTransformations", since="0.4")
def _has_transforms(dataset: Element) -> Iterator[Fault]:
    listed = dataset["coordinateTransformations"]
    if "coordinateTransformations" not in dataset:
        yield listed.place, "found no coordinateTransformations, expected a list with a scale"
    elif not listed.items():
        yield listed.expected("a list with a scale")


def _listed(root: Element) -> Iterator[Element]:
    """Go to the lists of transforms before 0.6, of datasets and of multiscales."""
    for multiscale in multiscales(root):
        for holder in (multiscale, *multiscale["datasets"].objects()):
            if holder["coordinateTransformations"].items():
                yield holder["coordinateTransformations"]


PLAIN = Rules("coordinateTransformations", _listed)


@PLAIN.must("missing-scale", "transforms contain one scale", since="0.4", until="0.5")
def _one_scale(listed: Element) -> Iterator[Fault]:
    count = [t["type"].value for t in listed.objects()].count("scale")
    if count != 1:
        yield listed.place, f"found {count} scales, expected one"


@PLAIN.must("spec-transforms", "at most one translation, after the scale", since="0.4", until="0.5")
def _translation(listed: Element) -> Iterator[Fault]:
    found = [t["type"].value for t in listed.objects()]
    if found.count("translation") > 1:
        count = found.count("translation")
        yield listed.place, f"found {count} translations, expected one at most"
    elif "scale" in found[found.index("translation") :] if "translation" in found else False:
        yield listed.place, "found a translation before the scale, expected it after"


@PLAIN.must("invalid-value", "transforms are scales and translations", since="0.4", until="0.5")
def _types(listed: Element) -> Iterator[Fault]:
    for transform in listed.items():
        if not transform.is_object:
            yield transform.expected("an object {…} with a type")
        elif transform["type"].value not in ("scale", "translation"):
            yield transform["type"].expected('"scale" or "translation"')


@RULES.must("spec-transforms", "a dataset has one transform", since="0.6")
def _single(dataset: Element) -> Iterator[Fault]:
    listed = dataset["coordinateTransformations"]
    if len(listed.items()) > 1:
        yield listed.place, f"found {len(listed.items())} transforms, expected one"


@RULES.must(
    "spec-transforms",
    "a dataset's transform is a scale, an identity, or a sequence of scale and translation",
    since="0.6",
)
def _kind(dataset: Element) -> Iterator[Fault]:
    for transform in dataset["coordinateTransformations"].items():
        kind = transform["type"].value
        if kind == "sequence":
            parts = [part["type"].value for part in transform["transformations"].items()]
            if parts != ["scale", "translation"]:
                message = f"found {quote(parts)}, expected a scale, then a translation"
                yield transform["transformations"].place, message
        elif kind not in ("scale", "identity"):
            yield transform["type"].expected('"scale", "identity" or "sequence"')


@RULES.must("spec-transform-ends", "a dataset's transform goes from its path", since="0.6")
def _input(dataset: Element) -> Iterator[Fault]:
    for transform in dataset["coordinateTransformations"].objects():
        start = transform["input"]
        if not start.is_object or "path" not in start:
            yield start.expected("an object {…} with the dataset's path")
        elif start["name"].value is not None:
            yield start["name"].expected("no name beside the path")


# MUST be so, but readers SHOULD take the dataset's path whatever stands here.
@RULES.should("spec-transform-ends", "a dataset's transform goes from its own path", since="0.6")
def _own_path(dataset: Element) -> Iterator[Fault]:
    for transform in dataset["coordinateTransformations"].objects():
        path = transform["input"]["path"]
        if "path" in transform["input"] and path.value != dataset["path"].value:
            yield path.expected(f"{quote(dataset['path'].value)}, the dataset's path")


@RULES.must("spec-transform-ends", "a dataset's transform leads to a named system", since="0.6")
def _output(dataset: Element) -> Iterator[Fault]:
    for transform in dataset["coordinateTransformations"].objects():
        end = transform["output"]
        if not end.is_object or not end["name"].is_text:
            yield end.expected("an object {…} with the name of a coordinate system")
        elif end["path"].value is not None:
            yield end["path"].expected("no path beside the name")


@LISTS.must("other-system", "all datasets lead to one system", since="0.6")
def _one_system(datasets: Element) -> Iterator[Fault]:
    ends = [
        transform["output"]
        for dataset in datasets.objects()
        for transform in dataset["coordinateTransformations"].objects()
        if transform["output"]["name"].is_text
    ]
    for end in ends:
        wanted = ends[0]["name"].value
        if end["name"].value != wanted:
            message = f"found {quote(end['name'].value)}, expected {quote(wanted)} as in the first"
            yield end.place, message
