"""Layers of points, shapes, vectors, surfaces and tracks as geometry, and back."""
