"""Vertices: what is read of a geometry, and which space it is in."""
