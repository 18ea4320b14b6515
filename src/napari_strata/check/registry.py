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
    zvf_levels,
    zvf_multiscales,
    zvf_transforms,
)
from napari_strata.check.element import Element
from napari_strata.check.finding import Finding
from napari_strata.check.rules import Rule, Rules
from napari_strata.check.zvf_elements import prefetch_levels

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

ZVF: tuple[Rules, ...] = (
    zvf_multiscales.LIST,
    zvf_multiscales.RULES,
    zvf_multiscales.LEVELS,
    zvf_levels.RULES,
    zvf_levels.GROUPS,
    zvf_transforms.RULES,
)
"""The published page of ZVF."""


def rules(subjects: Iterable[Rules] = SUBJECTS) -> list[Rule]:
    """List all rules of the subjects: of OME-Zarr, if not told otherwise."""
    return [rule for subject in subjects for rule in subject.listed]


def findings(roots: Iterable[Element]) -> Iterator[tuple[Element, Finding]]:
    """Apply all rules of its version to each group."""
    roots = list(roots)
    arrays.prefetch(roots)
    for root in roots:
        for subject in SUBJECTS:
            for finding in subject.findings(root):
                yield root, finding


def of_page(stores: Iterable[Element]) -> Iterator[tuple[Element, Finding]]:
    """Apply the rules of the published page to each ZVF store."""
    stores = list(stores)
    prefetch_levels(stores)
    for store in stores:
        for subject in ZVF:
            for finding in subject.findings(store):
                yield store, finding
