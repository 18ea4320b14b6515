"""An image of a dataset, as something to be written: without a viewer, and exactly as declared."""

from __future__ import annotations

from napari_strata.dataset import Image
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel


def dataset_image(image: Image) -> LayerImage:
    """Describe an image with all its channels; its axes, units and affines are the declared ones.

    Reads no pixels.
    """
    levels = tuple(LayerLevel(level.data, level.affine) for level in image.levels)
    return LayerImage(image.name, image.kind, image.axes, levels, image.display)
