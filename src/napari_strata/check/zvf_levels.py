"""The published page's rules about each level of a ZVF store: its dataset and its group."""

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
    level_group,
    numbers,
    path_number,
)
from napari_strata.model import OpenError
from napari_strata.store.hierarchy import is_array, read_group


def _groups(root: Element) -> Iterator[Element]:
    for dataset in datasets(root):
        group = level_group(dataset)
        if group is not None:
            yield group


RULES = Rules(f"{PAGE}, datasets", datasets)
GROUPS = Rules(f"{PAGE}, level groups", _groups)


@RULES.must("zvf-missing-key", "each dataset contains path", since=PAGE, until=PAGE)
def _has_path(dataset: Element) -> Iterator[Fault]:
    if "path" not in dataset:
        yield dataset["path"].place, "found no path, expected that of a level group"


@RULES.should(
    "zvf-missing-key",
    "each dataset contains level, bin_ratio and bin_shape",
    since=PAGE,
    until=PAGE,
)
def _has_bins(dataset: Element) -> Iterator[Fault]:
    absent = [key for key in ("level", "bin_ratio", "bin_shape") if key not in dataset]
    if absent:
        message = f"found no {', '.join(absent)}; the page requires it, zarr-vectors leaves it out"
        yield dataset.place, message


@RULES.must("zvf-level-path", "path leads to a group in the store", since=PAGE, until=PAGE)
def _leads_to_group(dataset: Element) -> Iterator[Fault]:
    path = dataset["path"]
    if "path" not in dataset:
        return
    try:
        node = path.node.descend(path.value, path.place)
        group = read_group(node, "zarr3")
        if group is None or is_array(group):
            yield path.expected("the path of a level group in the store")
    except OpenError as error:
        yield path.place, error.problem.message


@RULES.must("zvf-level-number", "level is the number that path ends in", since=PAGE, until=PAGE)
def _level(dataset: Element) -> Iterator[Fault]:
    if "level" in dataset:
        yield from _is_number_of_path(dataset["level"], dataset)


@GROUPS.must("zvf-level-number", "level is the number that path ends in", since=PAGE, until=PAGE)
def _level_of_group(group: Element) -> Iterator[Fault]:
    assert group.parent is not None
    if "level" in group:
        yield from _is_number_of_path(group["level"], group.parent)


def _is_number_of_path(level: Element, dataset: Element) -> Iterator[Fault]:
    wanted = path_number(dataset)
    if not level.is_whole or level.value < 0:
        yield level.expected("a whole number from 0")
    elif wanted is None and dataset["path"].is_text:
        yield dataset["path"].expected("a path that ends in the level's number")
    elif wanted is not None and level.value != wanted:
        yield level.expected(f"{wanted}, the number its path ends in")


@RULES.must("zvf-bin-ratio", "bin_ratio is a whole number from 1 an axis", since=PAGE, until=PAGE)
def _ratio(dataset: Element) -> Iterator[Fault]:
    ratio = dataset["bin_ratio"]
    found = [item.is_whole and item.value >= 1 for item in ratio.items()]
    if "bin_ratio" in dataset and not (_is_complete(ratio, dataset) and all(found)):
        yield ratio.expected("a list with a whole number from 1 for each axis")


@RULES.must("zvf-bin-shape", "bin_shape is a number above 0 an axis", since=PAGE, until=PAGE)
def _shape(dataset: Element) -> Iterator[Fault]:
    if "bin_shape" in dataset and not _is_shape(dataset["bin_shape"], dataset):
        yield dataset["bin_shape"].expected("a list with a number above 0 for each axis")


def _is_shape(shape: Element, dataset: Element) -> bool:
    found = [item.is_number and item.value > 0 for item in shape.items()]
    return _is_complete(shape, dataset) and all(found)


def _is_complete(vector: Element, dataset: Element) -> bool:
    count = axis_count(dataset)
    return bool(vector.items()) and count in (None, len(vector.items()))


@RULES.must("zvf-bin-shape", "bin_shape is base_bin_shape times bin_ratio", since=PAGE, until=PAGE)
def _scaled_base(dataset: Element) -> Iterator[Fault]:
    bins, shape = Bins(dataset), numbers(dataset["bin_shape"])
    wanted = bins.scaled(bins.ratio)
    if shape is None or wanted is None or not _is_shape(dataset["bin_shape"], dataset):
        return  # has a rule of its own
    if not close(shape, wanted):
        yield dataset["bin_shape"].expected(f"{list(wanted)}, base_bin_shape times bin_ratio")


@RULES.must("zvf-object-sparsity", "object_sparsity is above 0 and up to 1", since=PAGE, until=PAGE)
def _sparsity(dataset: Element) -> Iterator[Fault]:
    yield from _fraction(dataset)


@GROUPS.must(
    "zvf-object-sparsity", "object_sparsity is above 0 and up to 1", since=PAGE, until=PAGE
)
def _sparsity_of_group(group: Element) -> Iterator[Fault]:
    yield from _fraction(group)


def _fraction(holder: Element) -> Iterator[Fault]:
    found = holder["object_sparsity"]
    if "object_sparsity" in holder and not (found.is_number and 0 < found.value <= 1):
        yield found.expected("a number above 0 and up to 1")


@GROUPS.must(
    "zvf-bins-contradict", "a group says of its bins what its dataset says", since=PAGE, until=PAGE
)
def _same_bins(group: Element) -> Iterator[Fault]:
    dataset = group.parent
    assert dataset is not None
    for key in ("bin_ratio", "bin_shape"):
        if key in group and key in dataset:
            found, wanted = numbers(group[key]), numbers(dataset[key])
            if wanted is not None and (found is None or not close(found, wanted)):
                yield group[key].expected(f"{list(wanted)}, as in multiscales")
