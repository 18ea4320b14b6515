"""Rules about ``plate``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from napari_strata.check.element import Element, Fault, repeated
from napari_strata.check.rules import Rules
from napari_strata.store.values import quote

_NAME = re.compile(r"[A-Za-z0-9]+")
_WELL_PATH = "a well's path is a row's name, /, a column's name"
_SIDES = (("rows", "rowIndex"), ("columns", "columnIndex"))


def _block(root: Element) -> Iterator[Element]:
    if "plate" in root:
        yield root["plate"]


def _wells(root: Element) -> Iterator[Element]:
    yield from root["plate"]["wells"].objects()


def _acquisitions(root: Element) -> Iterator[Element]:
    yield from root["plate"]["acquisitions"].objects()


RULES = Rules("plate", _block)
WELLS = Rules("plate", _wells)
ACQUISITIONS = Rules("plate", _acquisitions)


@RULES.must("bad-plate", "plate is an object with rows and columns: lists of objects")
def _sides(plate: Element) -> Iterator[Fault]:
    if not plate.is_object:
        yield plate.expected("an object {…}")
        return
    for key, _ in _SIDES:
        if not plate[key].items() or len(plate[key].objects()) != len(plate[key].items()):
            yield plate[key].expected("a list of objects with names")


@RULES.must("invalid-value", "wells is a list of objects")
def _has_wells(plate: Element) -> Iterator[Fault]:
    wells = plate["wells"]
    if plate.is_object and not wells.items():
        yield wells.expected("a list of at least one well")
    for item in wells.items():
        if not item.is_object:
            yield item.expected("an object {…} with a path")


def _names(plate: Element, key: str) -> list[Element]:
    return [item["name"] for item in plate[key].objects()]


@RULES.must("spec-name", "rows and columns have names of letters and digits")
def _named(plate: Element) -> Iterator[Fault]:
    for key, _ in _SIDES:
        for name in _names(plate, key):
            strict = name.version >= "0.4"
            if not isinstance(name.value, str) or (strict and not _NAME.fullmatch(name.value)):
                yield name.expected("a name of letters and digits")


@RULES.must("spec-repeated-name", "names of rows, and of columns, are unique", since="0.4")
def _unique(plate: Element) -> Iterator[Fault]:
    for key, _ in _SIDES:
        for name in repeated(_names(plate, key)):
            yield name.place, f"found {quote(name.value)} again, expected another name"


@RULES.should("spec-recommended", "a plate contains name and field_count")
def _described(plate: Element) -> Iterator[Fault]:
    absent = [key for key in ("name", "field_count") if key not in plate]
    if plate.version <= "0.4" and "version" not in plate:
        absent.append("version")
    if plate.is_object and absent:
        yield plate.place, f"found no {', '.join(absent)}; recommended"


@RULES.must("invalid-value", "name is a text, field_count a whole number from 1")
def _texts(plate: Element) -> Iterator[Fault]:
    if "name" in plate and not isinstance(plate["name"].value, str):
        yield plate["name"].expected("a text")
    count = plate["field_count"]
    if "field_count" in plate and not (count.is_whole and count.value > 0):
        yield count.expected("a whole number from 1")


@RULES.must("repeated-well", "each well is listed once")
def _once(plate: Element) -> Iterator[Fault]:
    for path in repeated([well["path"] for well in plate["wells"].objects()]):
        assert path.parent is not None
        yield path.parent.place, f"found {quote(path.value)} where a well is already"


@WELLS.must("missing-key", "each well contains a path")
def _has_path(well: Element) -> Iterator[Fault]:
    path = well["path"]
    if not isinstance(path.value, str):
        yield path.expected("a text such as A/1")


# MUST be so, but the valid examples of 0.4 and 0.6 are not, and the indices tell the place.
@WELLS.should("unknown-well", _WELL_PATH, since="0.4", until="0.4")
@WELLS.must("unknown-well", _WELL_PATH, since="0.5", until="0.5")
@WELLS.should("unknown-well", _WELL_PATH, since="0.6")
def _path(well: Element) -> Iterator[Fault]:
    path = well["path"].value
    assert well.parent is not None
    assert well.parent.parent is not None
    names = [[n.value for n in _names(well.parent.parent, key)] for key, _ in _SIDES]
    if not isinstance(path, str) or not names[0] or not names[1]:
        return
    parts = path.split("/")
    if len(parts) != 2 or parts[0] not in names[0] or parts[1] not in names[1]:
        yield well["path"].expected("a row's name, /, and a column's name")


@WELLS.must("missing-key", "each well contains rowIndex and columnIndex", since="0.4")
def _indices(well: Element) -> Iterator[Fault]:
    for _, key in _SIDES:
        if key not in well:
            yield well[key].place, f"found no {key}, expected a whole number from 0"
        elif not well[key].is_whole or well[key].value < 0:
            yield well[key].expected("a whole number from 0")


@WELLS.must("well-contradicts", "indices and path name the same place", since="0.4")
def _agree(well: Element) -> Iterator[Fault]:
    assert well.parent is not None
    assert well.parent.parent is not None
    path = well["path"].value
    parts = path.split("/") if isinstance(path, str) else []
    for side, (key, index_key) in enumerate(_SIDES):
        names = [name.value for name in _names(well.parent.parent, key)]
        index = well[index_key]
        if not index.is_whole or index.value < 0 or not names:
            continue
        if index.value >= len(names):
            yield index.expected(f"an index of the {len(names)} {key}")
        elif len(parts) == 2 and parts[side] in names and names[int(index.value)] != parts[side]:
            right = names.index(parts[side])
            yield index.expected(f"{right}, as the path {quote(path)} says")


@RULES.must("bad-acquisition", "acquisitions is a list of objects")
def _acquisition_list(plate: Element) -> Iterator[Fault]:
    listed = plate["acquisitions"]
    if "acquisitions" in plate and not isinstance(listed.value, list):
        yield listed.expected("a list")
    for item in listed.items():
        if not item.is_object:
            yield item.expected("an object {…} with an id")


@RULES.must("bad-acquisition", "ids of acquisitions are unique", since="0.4")
def _ids(plate: Element) -> Iterator[Fault]:
    for number in repeated([item["id"] for item in plate["acquisitions"].objects()]):
        assert number.parent is not None
        yield number.parent.place, f"found the id {quote(number.value)} again, expected another"


@ACQUISITIONS.must("bad-acquisition", "an acquisition's id is a whole number from 0")
def _id(acquisition: Element) -> Iterator[Fault]:
    number = acquisition["id"]
    if not number.is_whole or number.value < 0:
        yield (
            acquisition.place,
            f"found the id {quote(number.value)}, expected a whole number from 0",
        )


@ACQUISITIONS.must("invalid-value", "counts and times of an acquisition are whole numbers")
def _numbers(acquisition: Element) -> Iterator[Fault]:
    for key, least in (("maximumfieldcount", 1), ("starttime", 0), ("endtime", 0)):
        number = acquisition[key]
        if key in acquisition and not (number.is_whole and number.value >= least):
            yield number.expected(f"a whole number from {least}")
    for key in ("name", "description"):
        if key in acquisition and not isinstance(acquisition[key].value, str):
            yield acquisition[key].expected("a text")


@ACQUISITIONS.should("spec-recommended", "an acquisition contains name and maximumfieldcount")
def _acquisition_described(acquisition: Element) -> Iterator[Fault]:
    absent = [key for key in ("name", "maximumfieldcount") if key not in acquisition]
    if absent:
        yield acquisition.place, f"found no {', '.join(absent)}; recommended"
