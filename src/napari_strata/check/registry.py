"""All rules, in the order they are applied and listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from napari_strata.check import (
    arrays,
    axes,
    coordinate_systems,
    datasets,
    dimensions,
    hierarchy,
    image_label,
    labels,
    multiscales,
    omero,
    plate,
    scene,
    series,
    transforms,
    version,
    well,
)
from napari_strata.check.element import Element
from napari_strata.check.finding import Finding
from napari_strata.check.rules import Rule, Rules

SUBJECTS: tuple[Rules, ...] = (
    version.RULES,
    hierarchy.RULES,
    multiscales.LIST,
    multiscales.RULES,
    axes.LISTS,
    axes.IMAGES,
    axes.RULES,
    coordinate_systems.HOLDERS,
    datasets.LISTS,
    datasets.RULES,
    datasets.PLAIN,
    transforms.RULES,
    scene.ADDITIONAL,
    dimensions.RULES,
    arrays.RULES,
    arrays.IMAGES,
    omero.BLOCK,
    omero.RULES,
    labels.RULES,
    image_label.BLOCK,
    image_label.LISTS,
    plate.RULES,
    plate.WELLS,
    plate.ACQUISITIONS,
    well.RULES,
    well.IMAGES,
    series.RULES,
    series.LISTS,
    scene.RULES,
)


def rules() -> list[Rule]:
    """List all rules."""
    return [rule for subject in SUBJECTS for rule in subject.listed]


def findings(roots: Iterable[Element]) -> Iterator[tuple[Element, Finding]]:
    """Apply all rules of its version to each group."""
    roots = list(roots)
    arrays.prefetch(roots)
    for root in roots:
        for subject in SUBJECTS:
            for finding in subject.findings(root):
                yield root, finding
