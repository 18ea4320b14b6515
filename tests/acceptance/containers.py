"""Write the containers that the cases describe, with other people's libraries.

Arrays come from tensorstore (N5) and zarr-python (Zarr v2 and v3); a case's own attributes are
then merged into the metadata files as JSON text. Nothing here uses ``napari_strata``.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore as ts
import zarr

DATA = Path(__file__).parent.parent / "data"
LARGEST_WRITTEN = 20_000  # voxels; larger arrays are metadata only

Case = dict[str, Any]


def load_cases(name: str) -> list[Case]:
    """Return the cases of ``tests/data/NAME``."""
    cases: list[Case] = json.loads((DATA / name).read_text(encoding="utf-8"))
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), "two cases share a name"
    return cases


def shuffled(value: Any, seed: int = 0) -> Any:
    """Return the same JSON value with the keys of every object in another order."""
    generator = random.Random(seed)

    def shuffle(item: Any) -> Any:
        if isinstance(item, dict):
            keys = list(item)
            generator.shuffle(keys)
            return {key: shuffle(item[key]) for key in keys}
        if isinstance(item, list):
            return [shuffle(entry) for entry in item]
        return item

    return shuffle(value)


def voxels(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Value = flat C index + 1 (modulo 251), so that a swapped axis shows."""
    return (np.arange(np.prod(shape)) % 251 + 1).reshape(shape).astype(dtype)


def build(case: Case, folder: Path, *, shuffle: bool = False, name: str = "data") -> Path:
    """Write ``case`` below ``folder`` and return the path that is opened."""
    kind = case["container"]
    suffix = case.get("suffix", {"n5": ".n5", "zarr2": ".zarr", "zarr3": ".zarr"}[kind])
    root = folder / f"{name}{suffix}"
    root.mkdir(parents=True)
    tree = shuffled(case["tree"], seed=len(case["name"])) if shuffle else case["tree"]
    writer = {"n5": _write_n5, "zarr2": _write_zarr2, "zarr3": _write_zarr3}[kind]
    writer(root, tree, case.get("tree_raw", {}), case["arrays"])
    for path, text in case.get("files", {}).items():
        target = folder / path[3:] if path.startswith("../") else root / path
        target = target.with_name(target.name.replace("{stem}", name))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    for path in case.get("delete", []):
        target = root / path
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    return root / case["open"] if case["open"] else root


def merge_text(path: Path, extra: str) -> None:
    """Add the members of the JSON object ``extra`` to the object in ``path``, as text.

    Text, because some cases are not JSON: a bare NaN must arrive in the file as it is.
    """
    old = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    inner = [part.strip()[1:-1].strip() for part in (extra, old) if part]
    path.write_text("{" + ",".join(part for part in inner if part) + "}", encoding="utf-8")


# --------------------------------------------------------------------------------------- N5


def write_n5_array(
    folder: Path,
    shape: tuple[int, ...],
    dtype: str,
    *,
    chunks: tuple[int, ...] | None = None,
    compression: dict[str, Any] | None = None,
    data: np.ndarray | None = None,
) -> None:
    """Write one N5 array; ``shape`` and ``chunks`` in array order, filled if small enough."""
    chunks = chunks or tuple(min(size, 64) for size in shape)
    store = ts.open(
        {
            "driver": "n5",
            "kvstore": {"driver": "file", "path": f"{folder}/"},
            "metadata": {
                "dimensions": list(shape[::-1]),
                "blockSize": list(chunks[::-1]),
                "dataType": dtype,
                "compression": compression or {"type": "gzip"},
            },
        },
        create=True,
    ).result()
    if data is None and np.prod([float(size) for size in shape]) <= LARGEST_WRITTEN:
        data = voxels(shape, dtype)
    if data is not None:
        store.T.write(data).result()


def _write_n5(root: Path, tree: dict, raw: dict, arrays: dict) -> None:
    for path, spec in arrays.items():
        write_n5_array(
            root / path,
            tuple(spec["shape_c_order"]),
            spec["dtype"],
            chunks=tuple(spec["chunks"]) if "chunks" in spec else None,
            compression=spec.get("compression"),
        )
    texts = {path: json.dumps(attributes) for path, attributes in tree.items()} | raw
    for path, text in texts.items():
        (root / path).mkdir(parents=True, exist_ok=True)
        target = root / path / "attributes.json"
        if target.exists() and text.lstrip().startswith("{"):
            merge_text(target, text)
        else:
            target.write_text(text, encoding="utf-8")


# ------------------------------------------------------------------------------------- Zarr


def _create_zarr_array(root: Path, path: str, spec: dict, version: int) -> None:
    shape = tuple(spec["shape_c_order"])
    chunks = tuple(spec.get("chunks", [min(size, 64) for size in shape]))
    options: dict[str, Any] = {}
    if version == 2:
        options["chunk_key_encoding"] = {
            "name": "v2",
            "separator": spec.get("separator", "/"),
        }
    if "shards" in spec:
        options["shards"] = tuple(spec["shards"])
    if "dimension_names" in spec:
        options["dimension_names"] = spec["dimension_names"]
    array = zarr.create_array(
        store=str(root / path) if path else str(root),
        shape=shape,
        chunks=chunks,
        dtype=spec["dtype"],
        zarr_format=version,
        fill_value=0,
        **options,
    )
    if "data" in spec:
        array[...] = np.asarray(spec["data"], spec["dtype"])
    elif np.prod([float(size) for size in shape]) <= LARGEST_WRITTEN:
        array[...] = voxels(shape, spec["dtype"])


def _write_zarr2(root: Path, tree: dict, raw: dict, arrays: dict) -> None:
    for path, spec in arrays.items():
        _create_zarr_array(root, path, spec, 2)
    groups = {parent for path in [*tree, *arrays] for parent in _ancestors(path)}
    for path in sorted((groups | set(tree)) - set(arrays)):
        (root / path).mkdir(parents=True, exist_ok=True)
        (root / path / ".zgroup").write_text('{"zarr_format": 2}', encoding="utf-8")
    for path, text in ({p: json.dumps(a) for p, a in tree.items()} | raw).items():
        (root / path / ".zattrs").write_text(text, encoding="utf-8")


def _write_zarr3(root: Path, tree: dict, raw: dict, arrays: dict) -> None:
    for path, spec in arrays.items():
        _create_zarr_array(root, path, spec, 3)
    groups = {parent for path in [*tree, *arrays] for parent in _ancestors(path)}
    texts = {p: json.dumps(a) for p, a in tree.items()} | raw
    for path in sorted(groups | set(texts)):
        target = root / path / "zarr.json"
        attributes = texts.get(path, "{}")
        if path in arrays:
            node = json.loads(target.read_text(encoding="utf-8"))
            node.pop("attributes", None)
            text = json.dumps(node)
        else:
            (root / path).mkdir(parents=True, exist_ok=True)
            text = '{"zarr_format": 3, "node_type": "group"}'
        target.write_text(text, encoding="utf-8")
        merge_text(target, '{"attributes": ' + attributes + "}")


def _ancestors(path: str) -> list[str]:
    """Return every group above ``path``, the root ("") included."""
    parts = path.split("/") if path else []
    return ["/".join(parts[:count]) for count in range(len(parts))]
