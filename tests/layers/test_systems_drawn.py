"""Images in coordinate systems of OME-Zarr 0.6, as a real window draws them.

Every voxel has a value of its own, so that the drawn one is found by its value: whichever way
axes were turned, it must lie where the stored voxel's index and a matrix worked out by hand say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_drawing import drawn_position, settle, texture

import napari_strata as strata
from formats.ome_06 import dataset, edge, multiscale, system, write_group, write_image
from napari_strata.layers.build import image_layers
from napari_strata.layers.record import Source

pytestmark = [
    pytest.mark.window,
    # napari's word to the user of an oblique layer, which starts as a 2-D view.
    pytest.mark.filterwarnings("ignore:Non-orthogonal slicing is being requested:UserWarning"),
]

SHAPES = {"s0": (6, 8, 12), "s1": (3, 4, 6)}
SCALE = np.array([2.0, 3.0, 5.0])


def levels(axes: str, shapes: dict[str, tuple[int, ...]] = SHAPES) -> dict[str, Any]:
    """Describe two levels of voxels of 2 × 3 × 5 µm and twice that, the last axes of these."""
    n = len(axes)
    base = SCALE[-n:]
    entries = []
    for path, factor in zip(shapes, (1, 2), strict=True):
        steps = [
            {"type": "scale", "scale": list(base * factor)},
            {"type": "translation", "translation": list(base * (factor - 1) / 2)},
        ]
        transform = {"type": "sequence", "transformations": steps}
        entries.append(dataset(path, transform, "own"))
    return multiscale([system("own", axes)], entries, [])


def physical(voxel: Any, level: int) -> np.ndarray:
    """Where a voxel is in the image's own system: by the numbers above."""
    factor = (1, 2)[level]
    base = SCALE[-len(voxel) :]
    return np.asarray(voxel) * base * factor + base * (factor - 1) / 2


def show(viewer: Any, images: list[Any]) -> list[Any]:
    found: list[Any] = []
    for image in images:
        problems: list[Any] = []
        (layer,) = image_layers(Source(""), image, problems)
        assert [p for p in problems if p.code != "tilted"] == []
        found.append(viewer.add_layer(layer))
    settle(viewer)
    return found


def drawn(viewer: Any, layer: Any, value: int) -> np.ndarray:
    """Return where the voxel of a value is drawn: displayed axes."""
    (index,) = np.argwhere(texture(viewer, layer) == value)
    return drawn_position(viewer, layer, index)


def check_volume(viewer: Any, layer: Any, level: int, shape: Any, expected: Any) -> None:
    """Compare first and last voxel, and one inside, in 3-D; ``expected`` gives z, y, x."""
    layer.locked_data_level = level
    viewer.dims.ndisplay = 3
    settle(viewer)
    for voxel in ((0,) * len(shape), tuple(n - 1 for n in shape), tuple(n // 2 for n in shape)):
        value = int(np.ravel_multi_index(voxel, shape)) + 1
        found = drawn(viewer, layer, value)
        np.testing.assert_allclose(found, expected(voxel), atol=1e-4)


COS, SIN = np.cos(0.5), np.sin(0.5)

# The system's axes, the transform, and (z, y, x) of a point (z, y, x) of the image's own system.
CASES = {
    "identity": ("zyx", {"type": "identity"}, lambda z, y, x: (z, y, x)),
    "scale": (
        "zyx",
        {"type": "scale", "scale": [3, 0.5, 2]},
        lambda z, y, x: (3 * z, y / 2, 2 * x),
    ),
    "translation": (
        "zyx",
        {"type": "translation", "translation": [10, -20, 30]},
        lambda z, y, x: (z + 10, y - 20, x + 30),
    ),
    "rotation-about-z": (
        "zyx",
        {"type": "rotation", "rotation": [[1, 0, 0], [0, COS, -SIN], [0, SIN, COS]]},
        lambda z, y, x: (z, COS * y - SIN * x, SIN * y + COS * x),
    ),
    "rotation-quarter": (
        "zyx",
        {"type": "rotation", "rotation": [[1, 0, 0], [0, 0, -1], [0, 1, 0]]},
        lambda z, y, x: (z, -x, y),
    ),
    "rotation-tilted": (
        "zyx",
        {"type": "rotation", "rotation": [[COS, 0, SIN], [0, 1, 0], [-SIN, 0, COS]]},
        lambda z, y, x: (COS * z + SIN * x, y, -SIN * z + COS * x),
    ),
    "affine-sheared": (
        "zyx",
        {"type": "affine", "affine": [[1, 0, 0, 4], [0, 1, 0.25, 5], [0, 0, 2, 6]]},
        lambda z, y, x: (z + 4, y + x / 4 + 5, 2 * x + 6),
    ),
    "mapAxis": (
        # the system's z is the image's x, its y the image's z, its x the image's y
        "zyx",
        {"type": "mapAxis", "mapAxis": [2, 0, 1]},
        lambda z, y, x: (x, z, y),
    ),
    "mapAxis-to-x-first": (
        # the same place under other names: axes of the system in another order
        "xyz",
        {"type": "mapAxis", "mapAxis": [2, 1, 0]},
        lambda z, y, x: (z, y, x),
    ),
    "sequence": (
        "zyx",
        {
            "type": "sequence",
            "transformations": [
                {"type": "translation", "translation": [1, 2, 3]},
                {"type": "mapAxis", "mapAxis": [0, 2, 1]},
                {"type": "scale", "scale": [2, 1, 1]},
            ],
        },
        lambda z, y, x: (2 * (z + 1), x + 3, y + 2),
    ),
    "byDimension": (
        "zyx",
        {
            "type": "byDimension",
            "transformations": [
                {
                    "transformation": {"type": "scale", "scale": [4]},
                    "inputAxes": [0],
                    "outputAxes": [0],
                },
                {
                    "transformation": {"type": "rotation", "rotation": [[COS, -SIN], [SIN, COS]]},
                    "inputAxes": [1, 2],
                    "outputAxes": [1, 2],
                },
            ],
        },
        lambda z, y, x: (4 * z, COS * y - SIN * x, SIN * y + COS * x),
    ),
    "bijection": (
        "zyx",
        {
            "type": "bijection",
            "forward": {"type": "scale", "scale": [2, 2, 2]},
            "inverse": {"type": "scale", "scale": [0.5, 0.5, 0.5]},
        },
        lambda z, y, x: (2 * z, 2 * y, 2 * x),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_type(tmp_path: Path, small_window: Any, name: str):
    axes, transform, expected = CASES[name]
    value = levels("zyx")
    value["coordinateSystems"].append(system("world", axes))
    value["coordinateTransformations"].append(edge("own", "world", transform))
    folder = write_image(tmp_path / "i.zarr", value, SHAPES, "uint16")
    image = strata.open(folder).images[0].in_system("world")
    viewer = small_window.viewer
    (layer,) = show(viewer, [image])
    for level, shape in enumerate(SHAPES.values()):
        check_volume(viewer, layer, level, shape, lambda v, k=level: expected(*physical(v, k)))


@pytest.mark.parametrize("name", ["rotation-about-z", "mapAxis", "affine-sheared", "sequence"])
def test_planes(tmp_path: Path, small_window: Any, name: str):
    """In 2-D, the plane at a voxel's depth is shown, and the voxel where it belongs in it."""
    axes, transform, expected = CASES[name]
    value = levels("zyx")
    value["coordinateSystems"].append(system("world", axes))
    value["coordinateTransformations"].append(edge("own", "world", transform))
    folder = write_image(tmp_path / "i.zarr", value, SHAPES, "uint16")
    viewer = small_window.viewer
    (layer,) = show(viewer, [strata.open(folder).images[0].in_system("world")])
    for level, shape in enumerate(SHAPES.values()):
        layer.locked_data_level = level
        for voxel in ((0, 0, 0), (1, 2, 3), tuple(n - 1 for n in shape)):
            place = expected(*physical(voxel, level))
            viewer.dims.ndisplay = 2
            viewer.dims.set_point(0, place[0])
            settle(viewer)
            value_of = int(np.ravel_multi_index(voxel, shape)) + 1
            np.testing.assert_allclose(drawn(viewer, layer, value_of), place[1:], atol=1e-4)


def test_plane_in_a_volume(tmp_path: Path, small_window: Any):
    """A 2-D image stands obliquely in a 3-D system, through which a volume shows too."""
    flat = {"s0": (8, 12), "s1": (4, 6)}
    lift = {"type": "affine", "affine": [[SIN, 0, 20], [COS, 0, 0], [0, 1, 7]]}
    write_image(tmp_path / "s.zarr" / "plane", levels("yx", flat), flat, "uint16")
    write_image(tmp_path / "s.zarr" / "volume", levels("zyx"), SHAPES, "uint16")
    scene = {
        "coordinateSystems": [system("world", "zyx")],
        "coordinateTransformations": [
            edge({"path": "volume", "name": "own"}, "world", {"type": "identity"}),
            edge({"path": "plane", "name": "own"}, "world", lift),
        ],
    }
    found = strata.open(write_group(tmp_path / "s.zarr", scene=scene))
    viewer = small_window.viewer
    plane, volume = show(viewer, [found["plane"], found["volume"]])
    for level in (0, 1):
        check_volume(viewer, volume, level, SHAPES[f"s{level}"], lambda v, k=level: physical(v, k))

        def lifted(voxel: Any, k: int = level) -> tuple[float, ...]:
            y, x = physical(voxel, k)
            return SIN * y + 20, COS * y, x + 7

        check_volume(viewer, plane, level, flat[f"s{level}"], lifted)


def test_scene_of_two_images(tmp_path: Path, small_window: Any):
    """The same place of the world in both: one is shifted, one turned, units differ."""
    write_image(tmp_path / "s.zarr" / "a", levels("zyx"), SHAPES, "uint16")
    turned = levels("zyx")
    for axis in turned["coordinateSystems"][0]["axes"]:
        axis["unit"] = "nanometer"
    write_image(tmp_path / "s.zarr" / "b", turned, SHAPES, "uint16")
    to_world = {
        "type": "sequence",
        "transformations": [
            {"type": "scale", "scale": [0.001] * 3},  # nm to µm
            {"type": "rotation", "rotation": [[1, 0, 0], [0, COS, -SIN], [0, SIN, COS]]},
        ],
    }
    scene = {
        "coordinateSystems": [system("world", "zyx")],
        "coordinateTransformations": [
            edge("world", {"path": "a", "name": "own"}, {"type": "translation"})
            | {"translation": [-1, -2, -3]},
            edge({"path": "b", "name": "own"}, "world", to_world),
        ],
    }
    found = strata.open(write_group(tmp_path / "s.zarr", scene=scene))
    viewer = small_window.viewer
    first, second = show(viewer, [found["a"], found["b"]])

    def shifted(voxel: Any, k: int) -> np.ndarray:
        return physical(voxel, k) + np.array([1, 2, 3])

    def rotated(voxel: Any, k: int) -> tuple[float, ...]:
        z, y, x = physical(voxel, k) / 1000
        return z, COS * y - SIN * x, SIN * y + COS * x

    for level, shape in enumerate(SHAPES.values()):
        check_volume(viewer, first, level, shape, lambda v, k=level: shifted(v, k))
        check_volume(viewer, second, level, shape, lambda v, k=level: rotated(v, k))
