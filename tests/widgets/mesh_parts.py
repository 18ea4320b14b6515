"""What the meshes of tests consist of."""

import numpy as np

#: A tetrahedron, x, y, z in nanometres, by the ids of two segments.
TETRAHEDRON = np.array([[80, 80, 80], [120, 80, 80], [80, 120, 80], [80, 80, 120]], "<f4")
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], "<u4")
SEGMENTS = (7, 12, 2**63 + 5)
