"""Points, shapes, tracks, vectors and surfaces on disk."""
