"""Changing the metadata of data on disk; no chunk is touched."""

from napari_strata.export.metadata.change import MetadataChange
from napari_strata.export.metadata.edit import edit_metadata
from napari_strata.export.metadata.layer import edit_metadata_of_layer
from napari_strata.export.metadata.ome_over_n5 import ome_over_n5
from napari_strata.export.metadata.regenerate import regenerate_metadata

__all__ = [
    "MetadataChange",
    "edit_metadata",
    "edit_metadata_of_layer",
    "ome_over_n5",
    "regenerate_metadata",
]
