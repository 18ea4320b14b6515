"""Rules about axes: of a multiscale from 0.3, of a coordinate system from 0.6."""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.element import Element, Fault, multiscales, repeated
from napari_strata.check.rules import Rules
from napari_strata.store.values import quote

_PREFIXES = [
    "yocto",
    "zepto",
    "atto",
    "femto",
    "pico",
    "nano",
    "micro",
    "milli",
    "centi",
    "deci",
    "hecto",
    "kilo",
    "mega",
    "giga",
    "tera",
    "peta",
    "exa",
    "zetta",
    "yotta",
]
_OTHER_LENGTHS = {"meter", "angstrom", "foot", "inch", "mile", "parsec", "yard"}
_OTHER_TIMES = {"second", "minute", "hour", "day"}
UNITS = {
    "space": frozenset(_OTHER_LENGTHS | {f"{prefix}meter" for prefix in _PREFIXES}),
    "time": frozenset(_OTHER_TIMES | {f"{prefix}second" for prefix in _PREFIXES}),
}

_VISOR = "visor_stack"  # VISoR's own schema adds this axis to OME-NGFF's
_RANK = {"time": 0, "channel": 1, "space": 2}  # a custom type stands where a channel does
_FEWEST, _MOST = 2, 5


def _lists(root: Element) -> Iterator[Element]:
    """Go to the axes of each image, of each of its coordinate systems from 0.6."""
    for multiscale in multiscales(root):
        if root.version != "0.6":
            yield multiscale["axes"]
            continue
        for system in multiscale["coordinateSystems"].objects():
            yield system["axes"]


def _all_lists(root: Element) -> Iterator[Element]:
    yield from _lists(root)
    for system in root["scene"]["coordinateSystems"].objects():
        yield system["axes"]


def _single(root: Element) -> Iterator[Element]:
    for axes in _all_lists(root):
        yield from axes.objects()


IMAGES = Rules("axes", _lists)
LISTS = Rules("axes", _all_lists)
RULES = Rules("axes", _single)


def kinds(axes: Element) -> list[object]:
    """List the declared types, of axes that are objects."""
    return [axis["type"].value for axis in axes.objects()]


def _names(axes: Element) -> list[Element]:
    return [a if isinstance(a.value, str) else a["name"] for a in axes.items()]


@LISTS.must("missing-axes", "axes are declared", since="0.3")
def _declared(axes: Element) -> Iterator[Fault]:
    if axes.value is None:
        yield axes.place, "found no axes, expected a list"
    elif not isinstance(axes.value, list):
        yield axes.expected("a list of axes")


@LISTS.must("invalid-value", "each axis is an object", since="0.4")
def _objects(axes: Element) -> Iterator[Fault]:
    for axis in axes.items():
        if not axis.is_object:
            yield axis.expected("an object {…} with a name")


@LISTS.must(
    "invalid-value", "each axis is one of the texts t, c, z, y, x", since="0.3", until="0.3"
)
def _letters(axes: Element) -> Iterator[Fault]:
    for axis in axes.items():
        if axis.value not in ("t", "c", "z", "y", "x"):
            yield axis.expected('"t", "c", "z", "y" or "x"')


@LISTS.must("spec-axis-order", "axes are in the order t, c, z, y, x", since="0.3", until="0.3")
def _letter_order(axes: Element) -> Iterator[Fault]:
    known = [a.value for a in axes.items() if a.value in ("t", "c", "z", "y", "x")]
    if known != sorted(known, key="tczyx".index):
        yield axes.expected("the order t, c, z, y, x")


@IMAGES.must("spec-axis-count", "there are 2 to 5 axes", since="0.3")
def _count(axes: Element) -> Iterator[Fault]:
    if isinstance(axes.value, list) and not _FEWEST <= len(axes.value) <= _MOST:
        yield axes.place, f"found {len(axes.value)} axes, expected {_FEWEST} to {_MOST}"


@LISTS.must("repeated-axis", "names of axes are unique", since="0.3")
def _unique(axes: Element) -> Iterator[Fault]:
    names = _names(axes)
    if any(repeated(names)):
        found = quote([name.value for name in names])
        yield axes.place, f"found {found}, expected a different name for each axis"


@IMAGES.must("spec-space-axes", "2 or 3 axes are of type space", since="0.4")
def _space(axes: Element) -> Iterator[Fault]:
    found = kinds(axes)
    of_an_array = found.count("array") >= _FEWEST
    count = found.count("space")
    if isinstance(axes.value, list) and not of_an_array and not _FEWEST <= count <= 3:
        yield axes.place, f'found {count} axes of type "space", expected 2 or 3'


@IMAGES.must("spec-time-axes", "at most one axis is of type time", since="0.4")
def _time(axes: Element) -> Iterator[Fault]:
    count = kinds(axes).count("time")
    if count > 1:
        yield axes.place, f'found {count} axes of type "time", expected one at most'


@IMAGES.must("spec-channel-axes", "at most one axis is a channel or of another type", since="0.4")
def _channel(axes: Element) -> Iterator[Fault]:
    others = [kind for kind in kinds(axes) if kind not in ("space", "time", "array", _VISOR)]
    if len(others) > 1:
        yield axes.place, f"found axes of types {quote(others)}, expected one of them at most"


@IMAGES.must("spec-axis-order", "time comes first, then the channel, then space", since="0.4")
def _order(axes: Element) -> Iterator[Fault]:
    found = [kind for kind in kinds(axes) if kind != "array"]
    ranks = [_RANK.get(kind, 1) if isinstance(kind, str) else 1 for kind in found]
    if ranks != sorted(ranks):
        message = f"found types {quote(found)}, expected time, then the channel, then space"
        yield axes.place, message


@IMAGES.should("spec-zyx-order", "axes of space are in the order z, y, x", since="0.4")
def _zyx(axes: Element) -> Iterator[Fault]:
    names = [a["name"].value for a in axes.objects() if a["type"].value == "space"]
    usual = len(names) == 3 and all(name in ("x", "y", "z") for name in names)
    if usual and len(set(names)) == 3 and names != ["z", "y", "x"]:
        yield axes.place, f"found {', '.join(names)}, expected z, y, x"


@RULES.must("missing-name", "each axis has a name", since="0.4")
def _name(axis: Element) -> Iterator[Fault]:
    if not axis["name"].is_text:
        yield axis["name"].expected("a text")


@RULES.must("invalid-value", "the type of an axis is a text", since="0.4")
def _type(axis: Element) -> Iterator[Fault]:
    kind = axis["type"]
    allowed_null = axis.version < "0.6"
    if (
        "type" in axis
        and not isinstance(kind.value, str)
        and not (kind.value is None and allowed_null)
    ):
        yield kind.expected("a text")


@RULES.must("unknown-unit", "the unit of an axis is a text", since="0.4")
def _unit_text(axis: Element) -> Iterator[Fault]:
    unit = axis["unit"]
    if "unit" in axis and not isinstance(unit.value, str):
        yield unit.expected("a text")


@RULES.must("invalid-value", "longName is a text, discrete is true or false", since="0.6")
def _more(axis: Element) -> Iterator[Fault]:
    if "longName" in axis and not isinstance(axis["longName"].value, str):
        yield axis["longName"].expected("a text")
    if "discrete" in axis and not isinstance(axis["discrete"].value, bool):
        yield axis["discrete"].expected("true or false")


@RULES.should(
    "spec-recommended", "each axis has a type, those of space and time a unit", since="0.4"
)
def _described(axis: Element) -> Iterator[Fault]:
    if "type" not in axis:
        yield axis.place, "found no type; recommended"
    elif axis["type"].value in ("space", "time") and "unit" not in axis:
        yield axis.place, "found no unit; recommended"


@RULES.should("spec-unit", "a unit has one of the listed names", since="0.4")
def _unit(axis: Element) -> Iterator[Fault]:
    kind, unit = axis["type"].value, axis["unit"]
    known = UNITS.get(kind) if isinstance(kind, str) else None
    if known is not None and isinstance(unit.value, str) and unit.value not in known:
        wanted = '"micrometer" or "nanometer"' if kind == "space" else '"second"'
        yield unit.expected(f"a name from the specification's list, such as {wanted}")
