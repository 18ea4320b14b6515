"""The published page's rules about the transforms of a ZVF store's levels.

They describe the bins of a level. Whether they are also where its vertices are is decided from
the vertices.
"""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.element import Element, Fault
from napari_strata.check.rules import Rules
from napari_strata.check.zvf_elements import (
    PAGE,
    Bins,
    axis_count,
    close,
    datasets,
    numbers,
    transform,
)
from napari_strata.store.values import quote

_KEY = "coordinateTransformations"
_PAIR = ["scale", "translation"]

RULES = Rules(f"{PAGE}, {_KEY}", datasets)


def _types(dataset: Element) -> list[object]:
    return [each["type"].value for each in dataset[_KEY].items()]


def _of_type(dataset: Element, kind: str) -> Iterator[Element]:
    for each in dataset[_KEY].objects():
        if each["type"].value == kind:
            yield each[kind]


@RULES.must("zvf-missing-key", f"each dataset contains {_KEY}", since=PAGE, until=PAGE)
def _present(dataset: Element) -> Iterator[Fault]:
    if _KEY not in dataset:
        yield dataset[_KEY].place, f"found no {_KEY}, expected a scale and a translation"


@RULES.must("zvf-transforms", "there is one scale, then one translation", since=PAGE, until=PAGE)
def _pair(dataset: Element) -> Iterator[Fault]:
    found = _types(dataset)
    if _KEY not in dataset or found in (_PAIR, _PAIR[:1]):
        return
    shown = found if dataset[_KEY].items() else dataset[_KEY].value
    yield dataset[_KEY].place, f"found {quote(shown)}, expected a scale, then a translation"


# zarr-vectors leaves the translation out where it knows no bins.
@RULES.should("zvf-transforms", "a translation follows the scale", since=PAGE, until=PAGE)
def _translated(dataset: Element) -> Iterator[Fault]:
    if _types(dataset) == _PAIR[:1]:
        yield dataset[_KEY].place, "found a scale alone, expected a translation after it"


@RULES.must("zvf-transforms", "scale and translation have a number an axis", since=PAGE, until=PAGE)
def _lengths(dataset: Element) -> Iterator[Fault]:
    for kind in _PAIR:
        for vector in _of_type(dataset, kind):
            found, count = numbers(vector), axis_count(dataset)
            if found is None or count not in (None, len(found)):
                yield vector.expected("a list with a number for each axis")


@RULES.must("zvf-scale", "scale is bin_ratio", since=PAGE, until=PAGE)
def _scale(dataset: Element) -> Iterator[Fault]:
    yield from _equal(dataset, "scale", Bins(dataset).ratio, "bin_ratio")


@RULES.must("zvf-translation", "translation is half of bin_shape", since=PAGE, until=PAGE)
def _translation(dataset: Element) -> Iterator[Fault]:
    shape = Bins(dataset).shape
    half = None if shape is None else tuple(edge / 2 for edge in shape)
    yield from _equal(dataset, "translation", half, "half of bin_shape")


def _equal(
    dataset: Element, kind: str, wanted: tuple[float, ...] | None, name: str
) -> Iterator[Fault]:
    found = transform(dataset, kind)
    if found is None or wanted is None or len(found) != len(wanted):
        return  # has rules of its own
    if not close(found, wanted):
        for vector in _of_type(dataset, kind):
            yield vector.expected(f"{list(wanted)}, {name}")
