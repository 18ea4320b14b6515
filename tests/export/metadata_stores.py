"""Small datasets by hand, what is in their folders, and where their levels are by another reader.

The parsers here know nothing of the package: json and arithmetic alone.
"""

import json
import os
from pathlib import Path

import numpy as np
import tensorstore


def write_json(path: Path, value, *, indent=2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=indent), encoding="utf-8")
    return path


def read_json(path: Path):
    return json.loads(path.read_text(encoding="utf-8"))


def n5_array(path: Path, shape, attributes=None, *, block=None, compression=None, dtype="uint16"):
    """Write counting voxels; ``shape`` and ``block`` in array order; returns them."""
    values = np.arange(np.prod(shape)).astype(dtype).reshape(shape)
    spec = {
        "driver": "n5",
        "kvstore": {"driver": "file", "path": f"{path}/"},
        "metadata": {
            "dimensions": list(shape)[::-1],
            "blockSize": list(block or shape)[::-1],
            "dataType": dtype,
            "compression": compression or {"type": "raw"},
        },
    }
    tensorstore.open(spec, create=True).result().T[...] = values
    if attributes:
        own = read_json(path / "attributes.json")
        write_json(path / "attributes.json", {**own, **attributes})
    return values


def zarr2_array(path: Path, shape, attributes=None):
    metadata = {
        "zarr_format": 2, "shape": list(shape), "chunks": list(shape), "dtype": "<u2",
        "compressor": None, "filters": None, "fill_value": 0, "order": "C",
        "dimension_separator": "/",
    }  # fmt: skip
    write_json(path / ".zarray", metadata)
    if attributes:
        write_json(path / ".zattrs", attributes)
    (path / "0").mkdir()
    (path / "0" / "chunk").write_bytes(b"never looked at")
    return path


def zarr3_array(path: Path, shape, names=None):
    metadata = {
        "zarr_format": 3, "node_type": "array", "shape": list(shape), "data_type": "uint16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(shape)}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        "attributes": {"own": [1, 2]},
    }  # fmt: skip
    if names:
        metadata["dimension_names"] = list(names)
    write_json(path / "zarr.json", metadata)
    return path


def ome_axes(names="zyx", unit="micrometer"):
    types = {"t": "time", "c": "channel"}
    return [
        {"name": n, "type": types.get(n, "space"), **({"unit": unit} if n not in "tc" else {})}
        for n in names
    ]


def ome_dataset(path, scale, translation=None):
    steps = [{"type": "scale", "scale": scale}]
    if translation is not None:
        steps.append({"type": "translation", "translation": translation})
    return {"path": path, "coordinateTransformations": steps}


def ome_04(path: Path, *, outer=None, extra=None) -> Path:
    """Two levels, z kept: 8 × 16 × 16 and 8 × 8 × 8 voxels of 4, 2, 2 and 4, 4, 4 µm."""
    datasets = [
        ome_dataset("0", [4, 2, 2], [10, 20, 30]),
        ome_dataset("1", [4, 4, 4], [10, 21, 31]),
    ]
    block = {"version": "0.4", "name": "im", "axes": ome_axes(), "datasets": datasets}
    if outer:
        block["coordinateTransformations"] = outer
    write_json(path / ".zgroup", {"zarr_format": 2})
    attributes = {"multiscales": [block], **(extra or {"mine": {"kept": 1e-09}})}
    write_json(path / ".zattrs", attributes, indent=4)
    zarr2_array(path / "0", (8, 16, 16), {"_ARRAY_DIMENSIONS": ["z", "y", "x"], "a": 1})
    zarr2_array(path / "1", (8, 8, 8))
    return path


def ome_05(path: Path) -> Path:
    datasets = [ome_dataset("s0", [4, 2, 2]), ome_dataset("s1", [4, 4, 4], [0, 1, 1])]
    block = {"name": "im", "axes": ome_axes(), "datasets": datasets}
    attributes = {"ome": {"version": "0.5", "multiscales": [block]}, "mine": True}
    for folder, shape in (("s0", (8, 16, 16)), ("s1", (8, 8, 8))):
        zarr3_array(path / folder, shape, "zyx")
    write_json(
        path / "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    )
    return path


def ome_06(path: Path, transforms=None) -> Path:
    def dataset(name, parts):
        step = {
            "type": "sequence", "transformations": parts, "input": {"path": name},
            "output": {"name": "physical"}, "name": f"{name} to physical",
        }  # fmt: skip
        return {"path": name, "coordinateTransformations": [step]}

    scale0 = [{"type": "scale", "scale": [4, 2, 2]}]
    scale1 = [
        {"type": "scale", "scale": [4, 4, 4]},
        {"type": "translation", "translation": [0, 1, 1]},
    ]
    block = {
        "name": "im",
        "coordinateSystems": [{"name": "physical", "axes": ome_axes()}],
        "datasets": [dataset("s0", scale0), dataset("s1", scale1)],
    }
    attributes = {"ome": {"version": "0.6", "multiscales": [block]}}
    for folder, shape in (("s0", (8, 16, 16)), ("s1", (8, 8, 8))):
        zarr3_array(path / folder, shape, "zyx")
    write_json(
        path / "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    )
    return path


def cosem_transform(scale, translate, axes="zyx", unit="nm", **more):
    return {
        "axes": list(axes), "units": [unit] * len(axes), "scale": scale, "translate": translate,
        **more,
    }  # fmt: skip


COSEM = (
    ((8, 16, 16), [40, 20, 20], [100, 200, 300]),
    ((8, 8, 8), [40, 40, 40], [100, 210, 310]),
)


def cosem(path: Path, *, group=True, arrays=True) -> Path:
    """An N5 with the image ``em``; returns the container's folder."""
    write_json(path / "attributes.json", {"n5": "2.0.0"})
    transforms = [cosem_transform(scale, shift) for _, scale, shift in COSEM]
    for k, (shape, scale, _) in enumerate(COSEM):
        own = {
            "transform": transforms[k],
            "pixelResolution": {"dimensions": scale[::-1], "unit": "nm"},
        }
        n5_array(path / "em" / f"s{k}", shape, own if arrays else None, block=(4, 8, 8))
    if group:
        datasets = [{"path": f"s{k}", "transform": t} for k, t in enumerate(transforms)]
        keys = {
            "multiscales": [{"name": "em", "datasets": datasets, "mine": 1}],
            "axes": ["x", "y", "z"],
            "units": ["nm", "nm", "nm"],
            "pixelResolution": {"dimensions": [20, 20, 40], "unit": "nm"},
            "scales": [[1, 1, 1], [2, 2, 1]],
            "other": None,
        }
        write_json(path / "em" / "attributes.json", keys)
    return path


def neuroglancer(path: Path) -> Path:
    """An N5 whose root passes resolution and units on to ``a`` and ``b``."""
    root = {"n5": "2.0.0", "resolution": [4, 4, 40], "units": ["nm", "nm", "nm"]}
    write_json(path / "attributes.json", root)
    for name in "ab":
        write_json(path / name / "attributes.json", {"downsamplingFactors": [[1, 1, 1], [2, 2, 1]]})
        n5_array(path / name / "s0", (8, 16, 16))
        n5_array(path / name / "s1", (8, 8, 8))
    return path


def n5_viewer(path: Path) -> Path:
    """An N5 with ``c0``, whose group has no file."""
    write_json(path / "attributes.json", {"n5": "2.0.0"})
    for k, (shape, factors) in enumerate((((8, 16, 16), [1, 1, 1]), ((8, 8, 8), [2, 2, 1]))):
        own = {
            "pixelResolution": {"unit": "um", "dimensions": [0.5, 0.5, 2]},
            "downsamplingFactors": factors,
        }
        n5_array(path / "c0" / f"s{k}", shape, own)
    return path


# ---------------------------------------------------------------------------- another reader


def ome_places(path: Path):
    """Scale and translation of each level of OME-Zarr 0.4 to 0.6, as numbers of the file."""
    file = path / ".zattrs"
    attributes = read_json(file) if file.exists() else read_json(path / "zarr.json")["attributes"]
    block = attributes.get("ome", attributes)["multiscales"][0]
    places = {}
    for dataset in block["datasets"]:
        scale, shift = 1.0, 0.0
        steps = list(dataset["coordinateTransformations"])
        if steps[0]["type"] == "sequence":
            steps = steps[0]["transformations"]
        elif "coordinateSystems" not in block:
            steps += block.get("coordinateTransformations", [])
        for step in steps:
            if step["type"] == "scale":
                scale = np.multiply(step["scale"], scale)
                shift = np.multiply(step["scale"], shift)
            elif step["type"] == "translation":
                shift = np.add(step["translation"], shift)
        places[dataset["path"]] = (list(scale), list(np.zeros(len(scale)) + shift))
    return places


def cosem_places(group: Path):
    """The same of COSEM, twice: by the arrays and by the group."""
    by_group = {
        d["path"]: (d["transform"]["scale"], d["transform"]["translate"])
        for d in read_json(group / "attributes.json")["multiscales"][0]["datasets"]
    }
    by_arrays = {}
    for path in by_group:
        transform = read_json(group / path / "attributes.json")["transform"]
        by_arrays[path] = (transform["scale"], transform["translate"])
    return by_arrays, by_group


def opened_places(image):
    """Scale and translation of each level as the package's reader gives them."""
    return {
        level.path.rpartition("/")[2]: (level.scale.tolist(), level.translate.tolist())
        for level in image.levels
    }


def close(one, other):
    """Compare places level by level."""
    return one.keys() == other.keys() and all(
        np.allclose(one[k], other[k], 1e-12, 1e-12) for k in one
    )


def tree(folder: Path):
    """Every file below a folder: its bytes and its time, and every folder's time."""
    found = {}
    for base, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(base) / name
            stat = path.lstat()
            data = path.read_bytes() if path.is_file() else None
            found[str(path.relative_to(folder))] = (stat.st_mtime_ns, stat.st_ino, data)
    return found
