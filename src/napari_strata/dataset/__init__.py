"""The public objects: a dataset, its images and geometries, ready to be read.

Thin views of the frozen model that add pixels and vertices; the names here are fixed.
"""

from napari_strata.dataset.choices import Choices
from napari_strata.dataset.geometry import Geometry, GeometryLevel
from napari_strata.dataset.image import Image, Level
from napari_strata.dataset.opening import Dataset, open, open_at
from napari_strata.model import OpenError

__all__ = [
    "Choices",
    "Dataset",
    "Geometry",
    "GeometryLevel",
    "Image",
    "Level",
    "OpenError",
    "open",
    "open_at",
]
