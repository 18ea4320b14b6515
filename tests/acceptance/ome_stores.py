"""OME-Zarr stores as {path: content}, written by hand from the specifications: numpy alone.

Content is a JSON value, raw text or bytes. A store is a dict so that a test can replace, damage or
leave out any single file: ``files | {"0/.zarray": "not JSON"}``.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

Files = dict[str, Any]
KINDS = {"t": "time", "c": "channel"}
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}


def numbered(shape: tuple[int, ...], dtype: str = "uint16", first: int = 1) -> np.ndarray:
    """Value = flat C index + ``first``: no two voxels are equal, a swapped axis shows."""
    return (np.arange(np.prod(shape)) + first).reshape(shape).astype(dtype)


def write(root: Path, files: Files) -> Path:
    """Write the files below ``root``; a string or bytes as it is, anything else as JSON."""
    root.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        if not isinstance(content, bytes):
            content = json.dumps(content).encode()
        target.write_bytes(content)
    return root


def under(prefix: str, *parts: Files) -> Files:
    """Move files into the folder ``prefix``."""
    return {f"{prefix}/{path}": content for files in parts for path, content in files.items()}


def without(files: Files, *paths: str) -> Files:
    """Leave out files, or whole folders by a trailing slash."""
    return {
        path: content
        for path, content in files.items()
        if path not in paths and not any(p.endswith("/") and path.startswith(p) for p in paths)
    }


# ------------------------------------------------------------------------------------ arrays


def array(
    data: Any,
    version: int = 2,
    *,
    chunks: tuple[int, ...] | None = None,
    separator: str | None = "/",
    **metadata: Any,
) -> Files:
    """Return a Zarr array, not compressed; ``data`` may be a shape, which is then numbered.

    ``separator`` is how the chunks lie; ``metadata`` replaces keys of the array's metadata, and
    removes those given as None.
    """
    data = numbered(data) if isinstance(data, tuple) else np.asarray(data)
    chunks = chunks or data.shape
    keys = (_zarr2 if version == 2 else _zarr3)(data, chunks, separator) | metadata
    keys = {key: value for key, value in keys.items() if key not in metadata or value is not None}
    files: Files = {".zarray" if version == 2 else "zarr.json": keys}
    counts = [-(-size // chunk) for size, chunk in zip(data.shape, chunks, strict=True)]
    for index in product(*(range(count) for count in counts)):
        block = np.zeros(chunks, data.dtype)
        part = data[tuple(slice(i * c, (i + 1) * c) for i, c in zip(index, chunks, strict=True))]
        block[tuple(slice(size) for size in part.shape)] = part
        parts = [str(i) for i in index]
        name = (separator or ".").join(parts if version == 2 else ["c", *parts])
        files[name] = block.tobytes()
    return files


def _zarr2(data: np.ndarray, chunks: tuple[int, ...], separator: str | None) -> dict[str, Any]:
    return {
        "zarr_format": 2,
        "shape": list(data.shape),
        "chunks": list(chunks),
        "dtype": data.dtype.str,
        "compressor": None,
        "fill_value": 0,
        "order": "C",
        "filters": None,
        **({"dimension_separator": separator} if separator else {}),
    }


def _zarr3(data: np.ndarray, chunks: tuple[int, ...], separator: str | None) -> dict[str, Any]:
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(data.shape),
        "data_type": str(data.dtype),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
        "chunk_key_encoding": {
            "name": "default",
            "configuration": {"separator": separator or "/"},
        },
        "fill_value": 0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    }


def group(attributes: Any = None, version: int = 2) -> Files:
    """Return a Zarr group."""
    if version == 3:
        node: dict[str, Any] = {"zarr_format": 3, "node_type": "group"}
        return {"zarr.json": node | ({} if attributes is None else {"attributes": attributes})}
    files: Files = {".zgroup": {"zarr_format": 2}}
    return files | ({} if attributes is None else {".zattrs": attributes})


# ------------------------------------------------------------------------------------ images


def axes_of(names: str) -> list[dict[str, str]]:
    """Return axes as 0.4 and later write them."""
    return [
        {"name": n, "type": KINDS.get(n, "space")} | ({"unit": UNITS[n]} if n in UNITS else {})
        for n in names
    ]


def placing(scale: Any, translation: Any = None) -> list[dict[str, Any]]:
    """Return ``coordinateTransformations`` of a scale and, if given, a translation."""
    found: list[dict[str, Any]] = [{"type": "scale", "scale": list(scale)}]
    if translation is not None:
        found.append({"type": "translation", "translation": list(translation)})
    return found


def multiscale(axes: str, levels: dict[str, tuple[Any, Any]], **keys: Any) -> dict[str, Any]:
    """Return an entry of ``multiscales`` (0.4, 0.5); ``levels``: path → (scale, translation)."""
    datasets = [
        {"path": path, "coordinateTransformations": placing(*place)}
        for path, place in levels.items()
    ]
    return {"axes": axes_of(axes), "datasets": datasets, **keys}


def multiscale_06(axes: str, levels: dict[str, tuple[Any, Any]], **keys: Any) -> dict[str, Any]:
    """Return an entry of ``multiscales`` as 0.6rc0 writes it; its system is ``physical``."""
    datasets = []
    for path, (scale, translation) in levels.items():
        steps = placing(scale, translation)
        step = steps[0] if len(steps) == 1 else {"type": "sequence", "transformations": steps}
        ends = {"input": {"path": path}, "output": {"name": "physical"}}
        datasets.append({"path": path, "coordinateTransformations": [step | ends]})
    systems = [{"name": "physical", "axes": axes_of(axes)}]
    return {"coordinateSystems": systems, "datasets": datasets, **keys}


def image(
    axes: str,
    levels: dict[str, tuple[Any, ...]],
    *,
    version: str = "0.4",
    dtype: str = "uint16",
    **attributes: Any,
) -> Files:
    """Return a whole image (0.4, 0.5, 0.6); ``levels``: path → (data, scale[, translation]).

    ``attributes`` stand beside ``multiscales``.
    """
    places = {path: (spec[1], spec[2] if len(spec) > 2 else None) for path, spec in levels.items()}
    entry = (multiscale_06 if version == "0.6" else multiscale)(axes, places)
    files = ome_group({"multiscales": [entry], **attributes}, version)
    for path, spec in levels.items():
        data = numbered(spec[0], dtype) if isinstance(spec[0], tuple) else spec[0]
        files |= under(path, array(data, zarr_format(version)))
    return files


def zarr_format(version: str) -> int:
    """Return the Zarr format that an OME-Zarr version is stored in."""
    return 2 if version <= "0.4" else 3


def ome_group(attributes: dict[str, Any], version: str = "0.4") -> Files:
    """Return a group with OME-Zarr metadata, under ``ome`` from 0.5 on."""
    if zarr_format(version) == 2:
        return group(attributes)
    written = {"0.6": "0.6rc0"}.get(version, version)
    return group({"ome": {"version": written, **attributes}}, 3)


def early(paths: dict[str, Any], *, version: str = "0.1", **keys: Any) -> Files:
    """Return an image without transforms (0.1 to 0.3); ``paths``: path → shape or data."""
    entry = {"version": version, "datasets": [{"path": path} for path in paths], **keys}
    files = group({"multiscales": [entry]})
    for path, data in paths.items():
        files |= under(path, array(data))
    return files


# ------------------------------------------------------------------------------------ looking


def all_problems(dataset: Any) -> list[Any]:
    """Return the problems of a dataset and of its images."""
    return [p for source in (dataset, *dataset.images) for p in source.problems]


def codes(*sources: Any) -> set[str]:
    """Return the problem codes of datasets and images."""
    return {problem.code for source in sources for problem in source.problems}


def serious(*sources: Any) -> set[str]:
    """Return the codes of all problems that are more than a note."""
    return {p.code for source in sources for p in source.problems if p.severity != "info"}


def read(level: Any) -> np.ndarray:
    """Return a level's values."""
    return np.asarray(level.data[...])
