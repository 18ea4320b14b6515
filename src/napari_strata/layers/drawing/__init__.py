"""Drawing every level exactly in its place; builds on private names of napari, guarded."""
