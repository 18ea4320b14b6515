"""An OME-Zarr as its files say, read with json and numpy alone: the judge of what was written."""

import json
from pathlib import Path

import numpy as np


def group(folder: Path):
    """Return a group's OME keys, and the version it declares."""
    if (folder / "zarr.json").exists():
        ome = json.loads((folder / "zarr.json").read_text())["attributes"]["ome"]
        return ome, ome["version"]
    return json.loads((folder / ".zattrs").read_text()), "0.4"


def array(folder: Path):
    """Return the shape, data type and names of axes that an array declares."""
    if (folder / "zarr.json").exists():
        found = json.loads((folder / "zarr.json").read_text())
        return tuple(found["shape"]), np.dtype(found["data_type"]), found["dimension_names"]
    found = json.loads((folder / ".zarray").read_text())
    assert found["dimension_separator"] == "/"
    return tuple(found["shape"]), np.dtype(found["dtype"]).newbyteorder("="), None


def axes(folder: Path):
    """Return (name, type, unit) of each axis."""
    ome, version = group(folder)
    block = ome["multiscales"][0]
    listed = block["coordinateSystems"][0]["axes"] if version == "0.6" else block["axes"]
    return [(a["name"], a.get("type"), a.get("unit")) for a in listed]


def affines(root: Path, path: str = ""):
    """Return each level's matrix, voxel centre → world, from the transforms in the files."""
    ome, version = group(root / path)
    (block,) = ome["multiscales"]
    matrices = []
    for dataset in block["datasets"]:
        (shape, _, names) = array(root / path / dataset["path"])
        transforms = dataset["coordinateTransformations"]
        if version == "0.6":
            (one,) = transforms
            assert one["input"] == {"path": dataset["path"]}
            assert one["output"] == {"name": block["coordinateSystems"][0]["name"]}
            transforms = one["transformations"]
        assert [t["type"] for t in transforms] == ["scale", "translation"]
        scale, shift = transforms[0]["scale"], transforms[1]["translation"]
        assert len(scale) == len(shift) == len(shape)
        assert min(scale) > 0
        if names is not None:
            assert names == [name for name, _, _ in axes(root / path)]
        matrix = np.diag([*scale, 1.0])
        matrix[:-1, -1] = shift
        matrices.append(_to_world(root, path, len(shape)) @ matrix)
    return matrices


def _to_world(root: Path, path: str, n: int):
    """Return what the scene says of an image; of a label, what it says of the image around it."""
    ome, version = group(root)
    if version != "0.6" or "scene" not in ome:
        return np.eye(n + 1)
    around, _, label = path.partition("/labels/")
    (own,) = (t for t in ome["scene"]["coordinateTransformations"] if t["input"]["path"] == around)
    assert own["output"]["name"] == ome["scene"]["coordinateSystems"][0]["name"]
    if own["type"] == "identity":
        return np.eye(n + 1)
    assert own["type"] == "affine"
    matrix = np.vstack([own["affine"], np.eye(len(own["affine"][0]))[-1:]])
    if not label:
        return matrix
    names = [name for name, _, _ in axes(root / around)]
    kept = [names.index(name) for name, _, _ in axes(root / path)]
    return matrix[np.ix_([*kept, -1], [*kept, -1])]


def same_place(found, expected, shape):
    """Assert that two matrices put a level's corners to the same place, to 1e-9 of a voxel."""
    n = len(shape)
    ends = np.array(np.meshgrid(*([-0.5, s - 0.5] for s in shape))).reshape(n, -1)
    corners = np.vstack([ends, np.ones(ends.shape[1])])
    voxel = np.linalg.norm(expected[:n, :n], axis=0).min()
    off = np.abs(np.asarray(found) @ corners - np.asarray(expected) @ corners)
    np.testing.assert_array_less(off, 1e-9 * voxel + 1e-15 * np.abs(expected @ corners).max())
