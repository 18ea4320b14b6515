"""Rules about coordinate systems of images and scenes (0.6)."""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.element import Element, Fault, multiscales, repeated
from napari_strata.check.rules import Rules
from napari_strata.store.values import quote

_TO_LABELS = ("identity", "scale", "translation", "sequence")  # the last by section "labels"

End = tuple[str, str]
"""A coordinate system: the path of its group (empty for this one), and its name."""


def _holders(root: Element) -> Iterator[Element]:
    yield from multiscales(root)
    if root["scene"].is_object:
        yield root["scene"]


HOLDERS = Rules("coordinateSystems", _holders)


def end(reference: Element) -> End | None:
    """Read an input or output as a system; None where it names none."""
    name, path = reference["name"], reference["path"]
    if not name.is_text:
        return None
    return (path.value.strip("/") if isinstance(path.value, str) else "", name.value)


def system_names(holder: Element) -> set[str]:
    """List the coordinate systems that are declared."""
    names = [system["name"] for system in holder["coordinateSystems"].objects()]
    return {name.value for name in names if name.is_text}


def intrinsic(multiscale: Element) -> str | None:
    """Return the system that the first dataset's transform leads to."""
    for dataset in multiscale["datasets"].objects():
        for transform in dataset["coordinateTransformations"].objects():
            if transform["output"]["name"].is_text:
                name: str = transform["output"]["name"].value
                return name
    return None


def _of_scene(holder: Element) -> bool:
    return holder.place.key.endswith("scene")


@HOLDERS.must("missing-key", "a multiscale contains coordinateSystems", since="0.6")
def _declared(holder: Element) -> Iterator[Fault]:
    listed = holder["coordinateSystems"]
    if "coordinateSystems" not in holder:
        if not _of_scene(holder):
            yield listed.place, "found no coordinateSystems, expected a list"
    elif not isinstance(listed.value, list) or not (listed.value or _of_scene(holder)):
        yield listed.expected("a list of coordinate systems")


@HOLDERS.must("invalid-value", "each system is an object", since="0.6")
def _objects(holder: Element) -> Iterator[Fault]:
    for item in holder["coordinateSystems"].items():
        if not item.is_object:
            yield item.expected("an object {…} with name and axes")


@HOLDERS.must("missing-name", "each system has a name", since="0.6")
def _named(holder: Element) -> Iterator[Fault]:
    for system in holder["coordinateSystems"].objects():
        if not system["name"].is_text:
            yield system["name"].expected("a text")


@HOLDERS.must("repeated-system", "names of systems are unique", since="0.6")
def _unique(holder: Element) -> Iterator[Fault]:
    names = [system["name"] for system in holder["coordinateSystems"].objects()]
    for name in repeated(names):
        yield name.place, f"found {quote(name.value)} again, expected another name"


@HOLDERS.must("unknown-system", "transforms lead to systems that are declared", since="0.6")
def _known(holder: Element) -> Iterator[Fault]:
    names = system_names(holder)
    if not names and not _of_scene(holder):
        return
    outputs = [
        transform["output"]
        for dataset in holder["datasets"].objects()
        for transform in dataset["coordinateTransformations"].objects()
    ]
    own = holder["coordinateTransformations"].objects()
    ends = [transform[key] for transform in own for key in ("input", "output")]
    for reference in (*outputs, *ends):
        found = end(reference)
        if found is not None and not found[0] and found[1] not in names:
            known = ", ".join(quote(name) for name in sorted(names)) or "none"
            message = f"found {quote(found[1])}, expected one of the coordinate systems ({known})"
            yield reference.place, message


@HOLDERS.must("unconnected-system", "transforms connect all systems", since="0.6")
def _connected(holder: Element) -> Iterator[Fault]:
    names = system_names(holder)
    start = "" if _of_scene(holder) else intrinsic(holder)
    edges = []
    for transform in holder["coordinateTransformations"].objects():
        ends = [end(transform[key]) for key in ("input", "output")]
        edges += [tuple(_merged(e) for e in ends if e is not None)]
    nodes = sorted({("", name) for name in names} | {node for edge in edges for node in edge})
    if not nodes or start is None:
        return
    reached = _reach(("", start) if start else nodes[0], [e for e in edges if len(e) == 2])
    for system in holder["coordinateSystems"].objects():
        name = system["name"].value
        if isinstance(name, str) and name and ("", name) not in reached:
            yield system.place, f"found {quote(name)} that no transform connects with the others"
    for transform in holder["coordinateTransformations"].objects():
        found = end(transform["input"])
        if _of_scene(holder) and found is not None and _merged(found) not in reached and found[0]:
            yield transform.place, "found a part of the scene that nothing connects with the rest"


def _merged(found: End) -> End:
    """Take all systems of one image as one: the image connects them itself."""
    return (found[0], "") if found[0] else found


def _reach(start: End, edges: list[tuple[End, ...]]) -> set[End]:
    reached = {start}
    grown = True
    while grown:
        new = {node for edge in edges if reached & set(edge) for node in edge} - reached
        reached |= new
        grown = bool(new)
    return reached


@HOLDERS.must(
    "spec-transform-ends",
    "one end of a multiscale's transform is the intrinsic system",
    since="0.6",
)
def _from_intrinsic(holder: Element) -> Iterator[Fault]:
    inner = intrinsic(holder)
    if _of_scene(holder) or inner is None:
        return
    for transform in holder["coordinateTransformations"].objects():
        ends = [end(transform[key]) for key in ("input", "output")]
        if None not in ends and ("", inner) not in ends:
            yield transform.place, f"found neither end in {quote(inner)}, expected one there"


@HOLDERS.must("spec-transform-ends", "input and output are objects with a name", since="0.6")
def _ends(holder: Element) -> Iterator[Fault]:
    for transform in holder["coordinateTransformations"].objects():
        for key in ("input", "output"):
            reference = transform[key]
            path = reference["path"].value
            if not reference.is_object or not reference["name"].is_text:
                yield reference.expected("an object {…} with the name of a coordinate system")
            elif path is not None and not isinstance(path, str):
                yield reference["path"].expected("a path (text)")
            elif _of_scene(holder) and set(reference.value) - {"name", "path"}:
                yield reference.expected("name and path alone")


@HOLDERS.must(
    "spec-transforms", "to a label it is an identity, a scale or a translation", since="0.6"
)
def _to_label(holder: Element) -> Iterator[Fault]:
    if _of_scene(holder):
        return
    for transform in holder["coordinateTransformations"].objects():
        ends = [end(transform[key]) for key in ("input", "output")]
        to_label = any(e is not None and e[0] for e in ends)
        if to_label and transform["type"].value not in _TO_LABELS:
            yield transform["type"].expected('"identity", "scale" or "translation"')
