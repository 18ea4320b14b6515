"""Rules about how many axes a transform takes and gives."""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.coordinate_systems import end, intrinsic
from napari_strata.check.element import Element, Fault, multiscales
from napari_strata.check.rules import Rules
from napari_strata.check.transforms import matrix

Width = int | None
"""A number of axes; None where it is not known."""

_DEEPEST = 32
_EVEN = ("identity", "scale", "translation", "mapAxis", "rotation", "bijection")


def _holders(root: Element) -> Iterator[Element]:
    yield from multiscales(root)
    if root["scene"].is_object:
        yield root["scene"]


RULES = Rules("coordinateTransformations", _holders)


def _widths(holder: Element) -> dict[str, int]:
    """Count the axes of each declared system; before 0.6 the one system is called ""."""
    if holder.version < "0.6":
        axes = holder["axes"].items()
        return {"": len(axes)} if axes else {}
    return {
        system["name"].value: len(system["axes"].items())
        for system in holder["coordinateSystems"].objects()
        if system["name"].is_text and system["axes"].items()
    }


@RULES.must("wrong-length", "parameters have as many numbers as there are axes", since="0.4")
def _fits(holder: Element) -> Iterator[Fault]:
    widths = _widths(holder)
    inner = widths.get("" if holder.version < "0.6" else intrinsic(holder) or "")
    for dataset in holder["datasets"].objects():
        for transform in dataset["coordinateTransformations"].objects():
            yield from _check(transform, inner, inner)
    for transform in holder["coordinateTransformations"].objects():
        if holder.version < "0.6":
            yield from _check(transform, inner, inner)
            continue
        ends = [end(transform[key]) for key in ("input", "output")]
        known = [widths.get(e[1]) if e is not None and not e[0] else None for e in ends]
        yield from _check(transform, known[0], known[1])


def _check(transform: Element, before: Width, after: Width, depth: int = 0) -> Iterator[Fault]:
    """Compare a transform with the axes before and after it."""
    kind = transform["type"].value
    if depth > _DEEPEST:
        return
    if kind in ("scale", "translation", "mapAxis"):
        yield from _vector(transform[kind], before if before is not None else after)
    elif kind in ("affine", "rotation"):
        yield from _matrix(transform[kind], before, after, 1 if kind == "affine" else 0)
    elif kind == "projectAxis":
        yield from _project(transform, before, after)
    elif kind == "sequence":
        for part in transform["transformations"].objects():
            given = width_after(part, before)
            yield from _check(part, before, None, depth + 1)
            before = given
        if None not in (before, after) and before != after:
            message = f"found {before} axes at the end, expected {after}"
            yield transform["transformations"].place, message
    elif kind == "bijection":
        yield from _check(transform["forward"], before, after, depth + 1)
        yield from _check(transform["inverse"], after, before, depth + 1)
    elif kind == "byDimension":
        yield from _by_dimension(transform, before, after, depth)
    if kind in _EVEN and None not in (before, after) and before != after:
        yield transform.place, f"found {before} axes before and {after} after, expected as many"


def _vector(listed: Element, width: Width) -> Iterator[Fault]:
    count = len(listed.items())
    if width is not None and count and count != width:
        yield listed.expected(f"{width} values (one per axis), not {count}")


def _matrix(listed: Element, before: Width, after: Width, extra: int) -> Iterator[Fault]:
    rows = matrix(listed)
    if rows is None:
        return
    if after is not None and len(rows) != after:
        yield listed.place, f"found {len(rows)} rows, expected {after} (one per axis)"
    elif before is not None and len(rows[0]) != before + extra:
        yield listed.place, f"found rows of {len(rows[0])} numbers, expected {before + extra}"


def _project(transform: Element, before: Width, after: Width) -> Iterator[Fault]:
    for key, width in (("droppedInputs", before), ("createdOutputs", after)):
        for item in transform[key].items():
            if width is not None and item.is_whole and item.value >= width:
                yield item.expected(f"an index of an axis, 0 to {width - 1}")
    given = width_after(transform, before)
    if None not in (given, after) and given != after:
        yield transform.place, f"found {given} axes left, expected {after}"


def _by_dimension(transform: Element, before: Width, after: Width, depth: int) -> Iterator[Fault]:
    outputs: set[object] = set()
    for item in transform["transformations"].objects():
        for key, width in (("inputAxes", before), ("outputAxes", after)):
            for index in item[key].items():
                if width is not None and index.is_whole and index.value >= width:
                    yield index.expected(f"an index of an axis, 0 to {width - 1}")
        outputs |= {index.value for index in item["outputAxes"].items() if index.is_whole}
        counts = [len(item[key].items()) or None for key in ("inputAxes", "outputAxes")]
        yield from _check(item["transformation"], counts[0], counts[1], depth + 1)
    missing = sorted(set(range(after or 0)) - outputs)
    if missing:
        listed = ", ".join(str(index) for index in missing)
        yield transform["transformations"].place, f"found no part that leads to axis {listed}"


def width_after(transform: Element, before: Width) -> Width:
    """Count the axes a transform gives, as far as it tells."""
    kind = transform["type"].value
    if kind == "affine":
        rows = matrix(transform["affine"])
        return len(rows) if rows is not None else None
    if kind == "projectAxis":
        if before is None:
            return None
        dropped, created = (transform[k].items() for k in ("droppedInputs", "createdOutputs"))
        return before - len(dropped) + len(created)
    if kind in ("scale", "translation", "rotation", "mapAxis"):
        return len(transform[kind].items()) or before
    return before if kind in ("identity", "bijection", "displacements") else None
