"""Layers for the tests of export, without a window."""

from pathlib import Path

import napari
from napari.layers import Layer

import napari_strata as strata
from napari_strata.export.ome_zarr import write
from napari_strata.export.planning.image_plan import plan_images
from napari_strata.export.planning.options import Options
from napari_strata.export.verify import verify
from napari_strata.layers.build import build


def layers_of(path):
    """Open a dataset as napari would."""
    return [
        x if isinstance(x, Layer) else Layer.create(*x) for x in build(strata.open(path)).layers
    ]


def exported(layers, folder: Path, **wishes):
    """Write layers, verify what was written, and return the plan."""
    plan = plan_images(layers, Options(**wishes))
    write(plan, folder)
    verify(plan, folder)
    return plan


def in_viewer(layers):
    """Put layers into a viewer's list, which names them apart."""
    model = napari.components.ViewerModel()
    for layer in layers:
        model.add_layer(layer)
    return list(model.layers)
