"""Checking a dataset against the specification: what is wrong, where, and by which rule.

Of images metadata alone; no chunk is read. Of ZVF's stores the vertices are read too: by what
tells which space they are in, and by zarr-vectors' own validation. See docs/check.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from napari_strata.check import by_yaozarrs, registry, zvf_library
from napari_strata.check.element import Element
from napari_strata.check.finding import Finding, Report
from napari_strata.check.merge import merge
from napari_strata.check.opening import Part, open_images
from napari_strata.check.sections import section_of
from napari_strata.check.walk import group_of, walk
from napari_strata.check.zvf_elements import FORMAT, PAGE
from napari_strata.model import Problem
from napari_strata.store.container import open_container

__all__ = ["Finding", "Report", "check"]


def check(
    path: str | os.PathLike[str],
    *,
    origin: Literal["center", "corner"] = "center",
    profile: str | None = None,
) -> Report:
    """Check all metadata at a path: what opening it finds, and the rules of the specification.

    Parameters
    ----------
    path : a local path, or an http(s), s3 or gs URL.
    origin, profile : as for `napari_strata.open`.

    Raises
    ------
    OpenError
        If there is nothing to check: it does not exist, cannot be reached, or holds neither
        image nor geometry.
    """
    text = os.fspath(path)
    node = open_container(text, profile)
    opened = open_images(text, node, origin)
    found = walk(node)
    ruled = [_placed(finding, root) for root, finding in registry.findings(found.roots)]
    of_zvf = list(_of_zvf(found.stores))
    broken = any(finding.problem.severity == "error" for finding in (*ruled, *of_zvf))
    if opened.error is not None and opened.is_out_of_reach and not broken:
        raise opened.error
    unreadable = [(problem, None) for problem in found.problems]
    around = (*found.roots, *found.stores)
    first = _by_opening((*opened.problems, *unreadable), around)
    second = [_placed(f, root) for root in found.roots for f in by_yaozarrs.findings(root)]
    merged = [*merge(first, ruled, second), *of_zvf]
    order = {root.node.inner_path: index for index, root in enumerate(around)}
    merged.sort(key=lambda finding: order.get(finding.group, -1))
    return Report(opened.path, tuple(merged), opened.images, opened.geometries)


def _of_zvf(stores: Sequence[Element]) -> Iterator[Finding]:
    """Go through what is reported apart: real stores omit keys that the published page wants."""
    for store, finding in registry.of_page(stores):
        yield replace(_placed(finding, store), format=f"{FORMAT}, {PAGE}")
    for store in stores:
        for finding in zvf_library.findings(store):
            yield replace(_placed(finding, store), format=f"{FORMAT}, zarr-vectors")


def _placed(finding: Finding, root: Element) -> Finding:
    name = FORMAT if root.version == PAGE else f"ome-zarr-{root.version}"
    return replace(finding, group=root.node.inner_path, format=name)


def _by_opening(
    problems: Iterable[tuple[Problem, Part | None]], roots: Sequence[Element]
) -> Iterator[Finding]:
    for problem, part in problems:
        root = group_of(problem.where, roots)
        if root is not None:
            section = "" if root.version == PAGE else section_of(problem)
            yield _placed(Finding(problem, section), root)
        elif part is not None:
            yield Finding(problem, "", part.path, part.format)
        else:
            yield Finding(problem, "")
