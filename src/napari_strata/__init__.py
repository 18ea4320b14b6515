"""Open any multiscale bioimage with every resolution level exactly where its metadata says."""

from napari_strata.dataset import Dataset, Geometry, Image, Level, open
from napari_strata.export import export
from napari_strata.model import OpenError, Problem

__version__ = "0.1.0"

__all__ = [
    "Dataset",
    "Geometry",
    "Image",
    "Level",
    "OpenError",
    "Problem",
    "__version__",
    "export",
    "open",
]
