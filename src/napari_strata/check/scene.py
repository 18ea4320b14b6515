"""Rules about ``scene`` (0.6)."""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.coordinate_systems import end, system_names
from napari_strata.check.element import Element, Fault, multiscales
from napari_strata.check.labels import read_root
from napari_strata.check.rules import Rules
from napari_strata.model import OpenError
from napari_strata.store.values import quote


def _scenes(root: Element) -> Iterator[Element]:
    if "scene" in root:
        yield root["scene"]


def _multiscale_lists(root: Element) -> Iterator[Element]:
    for multiscale in multiscales(root):
        if "coordinateTransformations" in multiscale:
            yield multiscale["coordinateTransformations"]


RULES = Rules("scene", _scenes)
ADDITIONAL = Rules("multiscales", _multiscale_lists)


@RULES.must("missing-key", "a scene contains coordinateTransformations", since="0.6")
def _has_transforms(scene: Element) -> Iterator[Fault]:
    listed = scene["coordinateTransformations"]
    if not scene.is_object:
        yield scene.expected("an object {…}")
    elif not listed.items():
        yield listed.expected("a list of at least one transform")


@ADDITIONAL.must("invalid-value", "coordinateTransformations is a list, not empty", since="0.4")
def _not_empty(listed: Element) -> Iterator[Fault]:
    if not listed.items():
        yield listed.expected("a list of at least one transform")


@RULES.must("unknown-system", "a path and a name lead to a system of an image", since="0.6")
def _in_images(scene: Element) -> Iterator[Fault]:
    for transform in scene["coordinateTransformations"].objects():
        for key in ("input", "output"):
            found = end(transform[key])
            if found is None or not found[0]:
                continue
            reference = transform[key]
            try:
                node = scene.node.descend(reference["path"].value, reference["path"].place)
            except OpenError as error:
                yield reference["path"].place, error.problem.message
                continue
            image = read_root(node, scene)
            names = set().union(*(system_names(m) for m in multiscales(image))) if image else set()
            if image is not None and "multiscales" in image and found[1] not in names:
                known = ", ".join(quote(name) for name in sorted(names)) or "none"
                message = f"found {quote(found[1])}, expected one of that image's systems ({known})"
                yield reference.place, message


@RULES.must("missing-image", "a path leads to an image", since="0.6")
def _there(scene: Element) -> Iterator[Fault]:
    for transform in scene["coordinateTransformations"].objects():
        for key in ("input", "output"):
            path = transform[key]["path"]
            if not path.is_text:
                continue
            try:
                image = read_root(scene.node.descend(path.value, path.place), scene)
            except OpenError:
                continue  # the path is reported by its own rule
            if image is None or "multiscales" not in image:
                message = f"found {quote(path.value)}, expected the path of an image"
                yield transform[key].place, message
