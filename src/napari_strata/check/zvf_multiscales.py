"""The published page's rules about a ZVF store's ``multiscales`` and its list of levels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from napari_strata.check.element import Element, Fault, multiscales
from napari_strata.check.rules import Rules
from napari_strata.check.zvf_elements import PAGE, TYPE, level_number, numbers


def _list(root: Element) -> Iterator[Element]:
    yield root["multiscales"]


def _lists(root: Element) -> Iterator[Element]:
    for entry in multiscales(root):
        yield entry["datasets"]


LIST = Rules(f"{PAGE}, multiscales", _list)
RULES = Rules(f"{PAGE}, multiscales", multiscales)
LEVELS = Rules(f"{PAGE}, datasets", _lists)


@LIST.must(
    "zvf-multiscales", "multiscales is a list of at least one object", since=PAGE, until=PAGE
)
def _entries(listed: Element) -> Iterator[Fault]:
    if not listed.items():
        yield listed.expected("a list of at least one object")
    for item in listed.items():
        if not item.is_object:
            yield item.expected("an object {…} with axes and datasets")


@RULES.should("zvf-missing-key", "each entry contains type", since=PAGE, until=PAGE)
def _has_type(entry: Element) -> Iterator[Fault]:
    if "type" not in entry:
        yield (
            entry["type"].place,
            f'found no type, expected "{TYPE}"; zarr-vectors leaves it out',
        )


@RULES.must("zvf-type", f"type is {TYPE}", since=PAGE, until=PAGE)
def _type(entry: Element) -> Iterator[Fault]:
    if "type" in entry and entry["type"].value != TYPE:
        yield entry["type"].expected(f'"{TYPE}"')


@LEVELS.must("zvf-datasets", "datasets is a list of at least one object", since=PAGE, until=PAGE)
def _objects(datasets: Element) -> Iterator[Fault]:
    if not datasets.items():
        yield datasets.expected("a list of at least one level")
    for item in datasets.items():
        if not item.is_object:
            yield item.expected("an object {…} with a path")


@LEVELS.must("zvf-level-zero", "exactly one dataset is level 0", since=PAGE, until=PAGE)
def _one_base(datasets: Element) -> Iterator[Fault]:
    found = [level_number(dataset) for dataset in datasets.objects()]
    if found and None not in found and found.count(0) != 1:
        yield datasets.place, f"found {found.count(0)} datasets of level 0, expected one"


@LEVELS.must("zvf-level-zero", "level 0 has bin_ratio 1 along every axis", since=PAGE, until=PAGE)
def _base_ratio(datasets: Element) -> Iterator[Fault]:
    for dataset in datasets.objects():
        ratio = numbers(dataset["bin_ratio"])
        if level_number(dataset) == 0 and ratio is not None and set(ratio) != {1.0}:
            yield dataset["bin_ratio"].expected("1 along every axis, as this is level 0")


@LEVELS.must("zvf-level-order", "datasets are in ascending order of level", since=PAGE, until=PAGE)
def _ascending(datasets: Element) -> Iterator[Fault]:
    known = [(level_number(dataset), dataset) for dataset in datasets.objects()]
    levels = [(level, dataset) for level, dataset in known if level is not None]
    for (former, _), (later, dataset) in pairwise(levels):
        if later < former or later == former != 0:  # a second level 0 has a rule of its own
            place = dataset["level" if "level" in dataset else "path"].place
            yield place, f"found level {later} after level {former}, expected ascending levels"


@LEVELS.must("zvf-bin-ratio", "bin_ratio does not fall from level to level", since=PAGE, until=PAGE)
def _growing(datasets: Element) -> Iterator[Fault]:
    known = [(numbers(dataset["bin_ratio"]), dataset) for dataset in datasets.objects()]
    ratios = [(ratio, dataset) for ratio, dataset in known if ratio is not None]
    for (former, _), (later, dataset) in pairwise(ratios):
        if len(former) == len(later) and any(b < a for a, b in zip(former, later, strict=True)):
            yield dataset["bin_ratio"].expected("no smaller number than the level before has")
