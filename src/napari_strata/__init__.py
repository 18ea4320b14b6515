"""Open any multiscale bioimage with every resolution level exactly where its metadata says."""

from napari_strata.dataset import Dataset, Geometry, Image, Level, open
from napari_strata.export import Exported, export
from napari_strata.export.errors import ExportCancelled, ExportError
from napari_strata.export.metadata import (
    MetadataChange,
    edit_metadata,
    edit_metadata_of_layer,
    ome_over_n5,
    regenerate_metadata,
)
from napari_strata.model import OpenError, Problem

__version__ = "0.1.0"

__all__ = [
    "Dataset",
    "ExportCancelled",
    "ExportError",
    "Exported",
    "Geometry",
    "Image",
    "Level",
    "MetadataChange",
    "OpenError",
    "Problem",
    "__version__",
    "edit_metadata",
    "edit_metadata_of_layer",
    "export",
    "ome_over_n5",
    "open",
    "regenerate_metadata",
]
