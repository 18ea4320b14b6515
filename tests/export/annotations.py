"""Layers of every kind, made of random float64, with what is hard to keep."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from napari.layers import Layer, Points, Shapes, Surface, Tracks, Vectors

TRANSFORMS: dict[str, dict[int, dict[str, Any]]] = {
    "identity": {2: {}, 3: {}, 4: {}},
    "scaled": {
        2: {"scale": (2, 0.5), "translate": (-3, 7), "units": "nm"},
        3: {"scale": (4, 3.5, 0.1), "translate": (1e6, -20, 0), "units": "nm"},
        4: {
            "scale": (0.5, 4, 3.5, 0.1),
            "translate": (10, 1e6, -20, 0),
            "units": ("s", "um", "um", "um"),
            "axis_labels": ("t", "z", "y", "x"),
        },
    },
    "sheared": {
        2: {"rotate": 30, "shear": [0.2], "scale": (2, 3), "translate": (1, 2), "units": "nm"},
        3: {
            "rotate": (10, 20, 30),
            "shear": (0.1, 0.2, 0.3),
            "scale": (1, 2, 3),
            "affine": [[1, 0.5, 0, 3], [0, 2, 0, -4], [0.1, 0, 1, 5], [0, 0, 0, 1]],
            "units": "nm",
            "axis_labels": ("z", "y", "x"),
        },
        4: {
            "affine": [
                [2, 0, 0, 0, 1],
                [0, 1, 0.5, 0, 3],
                [0, 0, 2, 0.25, -4],
                [0, 0.125, 0, 1, 5],
                [0, 0, 0, 0, 1],
            ],
            "units": ("s", "nm", "nm", "nm"),
        },
    },
}


def coordinates(count: int, ndim: int, seed: int = 0) -> np.ndarray:
    """Negative, far, tiny and repeated ones; (count, ndim)."""
    random = np.random.default_rng(seed)
    found = random.normal(size=(count, ndim)) * 50
    found[0] = 0
    found[1] = -1e-9
    found[2] = 1e5 + 0.1
    found[4] = found[3]
    return found


def features(rows: int) -> pd.DataFrame:
    """Columns of every type, with what each finds hard."""
    random = np.random.default_rng(1)
    texts = ["α β", "", "naïve/図", None]
    floats = random.normal(size=rows)
    floats[0], floats[-1] = np.nan, -np.inf
    return pd.DataFrame(
        {
            "big": np.arange(rows, dtype=np.int64) + 2**53 + 1,
            "huge": np.arange(rows, dtype=np.uint64) + 2**63,
            "small": np.array([-128, *[127] * (rows - 1)], dtype=np.int8),
            "byte": np.array([255, *[0] * (rows - 1)], dtype=np.uint8),
            "float": floats,
            "single": floats.astype(np.float32),
            "half": random.normal(size=rows).astype(np.float16),
            "yes/no": random.random(rows) > 0.5,
            "Float": [texts[i % 3] for i in range(rows)],
            "": [texts[i % 4] for i in range(rows)],
            "mixed": pd.Series([(None, 1, True, "1", 1.0, np.nan)[i % 6] for i in range(rows)],
                               dtype=object),
            "class": pd.Categorical([("b", "a", None)[i % 3] for i in range(rows)],
                                    categories=["b", "unused", "a"], ordered=True),
            "nullable": pd.array([(1, None)[i % 2] for i in range(rows)], dtype="Int64"),
            "when": pd.date_range("1969-12-31", periods=rows, freq="h"),
            "strata_order": np.arange(rows)[::-1].copy(),
        }
    )  # fmt: skip


def points(ndim: int, **more: Any) -> Points:
    random = np.random.default_rng(2)
    return _made(
        Points,
        coordinates(60, ndim),
        features=features(60),
        size=random.random(60) + 1,
        symbol=["disc", "star", "x"] * 20,
        face_color=random.random((60, 4)),
        border_width=random.random(60),
        shown=random.random(60) > 0.2,
        name="cells",
        opacity=0.5,
        **more,
    )


def shapes(ndim: int, **more: Any) -> Shapes:
    types = ["polygon", "path", "rectangle", "ellipse", "line"] * 3
    counts = [7, 9, 4, 4, 2] * 3
    flat = coordinates(sum(counts), 2, seed=3)
    flat[0] = flat[6]  # a polygon whose first vertex is also its last
    data, start = [], 0
    for index, (kind, count) in enumerate(zip(types, counts, strict=True)):
        plane = flat[start : start + count]
        start += count
        if kind in ("rectangle", "ellipse"):
            low, high = plane[0], plane[0] + np.array([3.3, 5.7]) * (index + 1)
            plane = np.array([low, (low[0], high[1]), high, (high[0], low[1])])
        data.append(np.concatenate([np.full((count, ndim - 2), index * 1.5), plane], axis=1))
    random = np.random.default_rng(4)
    return _made(
        Shapes,
        data,
        shape_type=types,
        features=features(15),
        edge_width=list(random.random(15) + 1),
        edge_color=random.random((15, 4)),
        face_color=random.random((15, 4)),
        z_index=list(range(15)),
        name="outlines",
        **more,
    )


def vectors(ndim: int, **more: Any) -> Vectors:
    starts, directions = coordinates(40, ndim, 5), coordinates(40, ndim, 6) / 10
    data = np.stack([starts, directions], axis=1)
    return _made(
        Vectors, data, features=features(40), length=2.5, vector_style="arrow", name="flow", **more
    )


def surface(ndim: int, **more: Any) -> Surface:
    random = np.random.default_rng(7)
    faces = random.integers(0, 50, (90, 3))
    faces[3], faces[4] = (1, 1, 2), (5, 5, 5)
    faces[7], faces[9] = faces[6], faces[8][[1, 2, 0]]
    return _made(
        Surface,
        (coordinates(50, ndim, 8), faces, random.normal(size=50)),
        colormap="viridis",
        contrast_limits=(-1, 2),
        name="skin",
        **more,
    )


def tracks(ndim: int, **more: Any) -> Tracks:
    ids = np.repeat([7, 2, 5, 1, 9], [10, 12, 1, 9, 11])
    times = np.concatenate([np.arange(10), np.arange(12) * 3, [4], np.arange(9), np.arange(11)])
    data = np.column_stack([ids, times, coordinates(len(ids), ndim - 1, 9)])
    return _made(
        Tracks,
        data,
        features=features(len(ids)),
        graph={9: [7, 2], 5: [1]},
        tail_length=5,
        color_by="big",
        name="paths",
        **more,
    )


MAKERS = {
    "points": (points, (2, 3, 4)),
    "shapes": (shapes, (2, 3, 4)),
    "vectors": (vectors, (2, 3, 4)),
    "surface": (surface, (2, 3)),
    "tracks": (tracks, (3, 4)),
}

CASES = [
    (kind, ndim, transform)
    for kind, (_, ranks) in MAKERS.items()
    for ndim in ranks
    for transform in TRANSFORMS
]
IDS = [f"{kind}-{ndim}d-{transform}" for kind, ndim, transform in CASES]


TIME_APART = {"affine": [[2, 0, 0, 1], [0, 1, 0.5, 3], [0, 0.25, 2, -4], [0, 0, 0, 1]]}


def make(kind: str, ndim: int, transform: str) -> Layer:
    if (kind, ndim, transform) == ("tracks", 3, "sheared"):
        return tracks(3, **TIME_APART)
    return MAKERS[kind][0](ndim, **TRANSFORMS[transform][ndim])


def _made(maker: Any, data: Any, **settings: Any) -> Any:
    with warnings.catch_warnings():  # napari's own: a rotation out of the slice
        warnings.simplefilter("ignore")
        return maker(data, **settings)
