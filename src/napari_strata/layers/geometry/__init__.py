"""Layers of points, lines, graphs and meshes."""
