"""Checking a dataset against the specification: what is wrong, where, and by which rule.

Metadata alone; no chunk is read. See docs/check.md for the rules.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from napari_strata.check import by_yaozarrs, registry
from napari_strata.check.element import Element
from napari_strata.check.finding import Finding, Report
from napari_strata.check.merge import merge
from napari_strata.check.opening import open_images
from napari_strata.check.sections import section_of
from napari_strata.check.walk import group_of, walk
from napari_strata.dataset import Image
from napari_strata.model import Problem
from napari_strata.store.container import open_container

__all__ = ["Finding", "Report", "check"]


def check(
    path: str | os.PathLike[str], *, origin: Literal["center", "corner"] = "center"
) -> Report:
    """Check all metadata at a path: what opening it finds, and the rules of the specification.

    Parameters
    ----------
    path : a local path, or an http(s), s3 or gs URL.
    origin : as for `napari_strata.open`.

    Raises
    ------
    OpenError
        If there is nothing to check: it does not exist, cannot be reached, or holds no image.
    """
    text = os.fspath(path)
    node = open_container(text)
    opened = open_images(text, node, origin)
    found = walk(node)
    ruled = [_placed(finding, root) for root, finding in registry.findings(found.roots)]
    broken = any(finding.problem.severity == "error" for finding in ruled)
    if opened.error is not None and opened.is_out_of_reach and not broken:
        raise opened.error
    unreadable = [(problem, None) for problem in found.problems]
    first = _by_opening((*opened.problems, *unreadable), found.roots)
    second = [_placed(f, root) for root in found.roots for f in by_yaozarrs.findings(root)]
    merged = merge(first, ruled, second)
    order = {root.node.inner_path: index for index, root in enumerate(found.roots)}
    merged.sort(key=lambda finding: order.get(finding.group, -1))
    return Report(opened.path, tuple(merged), opened.images)


def _placed(finding: Finding, root: Element) -> Finding:
    return replace(finding, group=root.node.inner_path, format=f"ome-zarr-{root.version}")


def _by_opening(
    problems: Iterable[tuple[Problem, Image | None]], roots: Sequence[Element]
) -> Iterator[Finding]:
    for problem, image in problems:
        root = group_of(problem.where, roots)
        if root is not None:
            yield _placed(Finding(problem, section_of(problem)), root)
        elif image is not None:
            yield Finding(problem, "", image.path, image.format)
        else:
            yield Finding(problem, "")
