"""Open any multiscale bioimage with every resolution level exactly where its metadata says."""

from napari_strata.dataset import Dataset, Image, Level, open
from napari_strata.model import OpenError, Problem

__version__ = "0.1.0"

__all__ = ["Dataset", "Image", "Level", "OpenError", "Problem", "__version__", "open"]
