"""The dialects of metadata, in the order they are asked: a new format is one line here."""

from __future__ import annotations

from napari_strata.formats import (
    bdv_n5,
    canonical,
    cosem,
    n5_viewer,
    neuroglancer_n5,
    ome_early,
    ome_zarr,
    ome_zarr_06,
    plain,
    precomputed,
    visor,
)
from napari_strata.formats._protocol import Context, Format, Found, Orientation, Origin
from napari_strata.formats._survey import Survey
from napari_strata.model import Image
from napari_strata.store.hierarchy import Group

__all__ = ["REGISTRY", "Context", "Format", "Found", "Orientation", "Origin", "images_at"]

# The first that finds evidence wins: what describes each level beats what describes a grid.
REGISTRY: tuple[Format, ...] = (
    visor,
    precomputed,
    ome_zarr,
    ome_early,
    ome_zarr_06,
    bdv_n5,
    cosem,
    canonical,
    n5_viewer,
    neuroglancer_n5,
    plain,
)


def images_at(group: Group, context: Context) -> list[Image] | None:
    """Understand a node as images; None if no dialect claims it.

    Raises
    ------
    OpenError
        If a dialect claims it but no honest image is left.
    """
    survey = Survey(group, context.multiscale)
    for dialect in REGISTRY:
        evidence = dialect.probe(survey)
        if evidence is not None:
            survey.evidence = evidence
            return dialect.parse(survey, context)
    return None
