"""napari layers that draw every level exactly where its metadata says."""
