"""How a Zarr v3 array is decoded, from its ``zarr.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_strata.arrays import n5_in_zarr3
from napari_strata.arrays.decoding import (
    Native,
    Plan,
    ZarrPython,
    check_chunk_size,
    extents,
    fill_number,
    fill_value,
)
from napari_strata.arrays.errors import CodecError
from napari_strata.model import ArrayLocation

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip

_MEMBERS = {
    "zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding",
    "fill_value", "codecs", "attributes", "dimension_names", "storage_transformers",
    "consolidated_metadata",
}  # fmt: skip

# What a decoder needs of each codec tensorstore has; levels matter to a writer only.
_NATIVE: dict[str, dict[str, Any] | None] = {
    "bytes": None,
    "transpose": None,
    "crc32c": {},
    "gzip": {"level": 5},
    "zstd": {"level": 0},
    "blosc": {"cname": "lz4", "clevel": 5, "shuffle": "noshuffle", "blocksize": 0},
}


def plan(location: ArrayLocation) -> Plan:
    """Decide how a Zarr v3 array is decoded.

    Raises
    ------
    CodecError : see `napari_strata.arrays.plan.plan`.
    """
    metadata = location.metadata
    _check_members(location)
    shape = extents(location, "shape", metadata.get("shape"), least=0)
    chunks = _chunk_shape(location, len(shape))
    dtype = _dtype(location)
    codecs = _codecs(location, "codecs", metadata.get("codecs"))
    shard = codecs[0] if codecs and codecs[0]["name"] == "sharding_indexed" else None
    read_chunk = chunks if shard is None else _inner_shape(location, shard, len(shape))
    check_chunk_size(location, read_chunk, dtype.itemsize)
    fill = fill_value(location, metadata.get("fill_value"), dtype)
    if fill is None:
        fill = fill_value(location, 0, dtype)
    sanitised = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(chunks)}},
        "chunk_key_encoding": _key_encoding(location),
        "fill_value": fill,
    }
    over_n5 = n5_in_zarr3.plan(location, sanitised, codecs)
    if over_n5 is not None:
        return over_n5
    if _is_native(codecs):
        return Native("zarr3", {**sanitised, "codecs": [_native_codec(c) for c in codecs]})
    _check_registered(location, codecs)
    decodable = {**sanitised, "codecs": codecs, "attributes": {}}
    return ZarrPython(shape, read_chunk, dtype, fill_number(fill, dtype), decodable)


def _check_members(location: ArrayLocation) -> None:
    """Refuse what the specification says a reader must not ignore."""
    metadata = location.metadata
    if metadata.get("storage_transformers"):
        raise CodecError(
            location.where,
            f"storage_transformers is {metadata['storage_transformers']!r}, none is supported",
        )
    for key in metadata.keys() - _MEMBERS:
        value = metadata[key]
        if not (isinstance(value, Mapping) and value.get("must_understand") is False):
            raise CodecError(
                location.where, f"{key} is an extension unknown here that must be understood"
            )


def _named(location: ArrayLocation, key: str, value: Any) -> tuple[str, Mapping[str, Any]]:
    """Return the name and configuration of an extension point, which may be a bare name."""
    entry = {"name": value} if isinstance(value, str) else value
    name = entry.get("name") if isinstance(entry, Mapping) else None
    configuration = entry.get("configuration") or {} if isinstance(entry, Mapping) else None
    if not isinstance(name, str) or not isinstance(configuration, Mapping):
        raise CodecError(location.where, f"{key} is {value!r}, expected an object with a name")
    return name, configuration


def _chunk_shape(location: ArrayLocation, rank: int) -> tuple[int, ...]:
    name, configuration = _named(location, "chunk_grid", location.metadata.get("chunk_grid"))
    if name != "regular":
        raise CodecError(location.where, f"chunk_grid.name is {name!r}, expected 'regular'")
    key = "chunk_grid.configuration.chunk_shape"
    return extents(location, key, configuration.get("chunk_shape"), least=1, rank=rank)


def _dtype(location: ArrayLocation) -> np.dtype[Any]:
    name, _ = _named(location, "data_type", location.metadata.get("data_type"))
    if name not in DTYPES:
        raise CodecError(
            location.where, f"data_type is {name!r}, expected one of {', '.join(DTYPES)}"
        )
    return np.dtype(name)


def _key_encoding(location: ArrayLocation) -> dict[str, Any]:
    value = location.metadata.get("chunk_key_encoding")
    name, configuration = _named(location, "chunk_key_encoding", value or "default")
    if name not in ("default", "v2"):
        raise CodecError(
            location.where, f"chunk_key_encoding.name is {name!r}, expected 'default' or 'v2'"
        )
    separator = configuration.get("separator") or ("/" if name == "default" else ".")
    if separator not in ("/", "."):
        raise CodecError(
            location.where, f"chunk_key_encoding's separator is {separator!r}, expected / or ."
        )
    return {"name": name, "configuration": {"separator": separator}}


def _codecs(location: ArrayLocation, key: str, value: Any) -> list[dict[str, Any]]:
    """Return a codec list with names and configurations spelled out, shards' own lists too."""
    if not isinstance(value, list | tuple):
        raise CodecError(location.where, f"{key} is {value!r}, expected a list of codecs")
    codecs = []
    for index, entry in enumerate(value):
        name, found = _named(location, f"{key}[{index}]", entry)
        configuration = dict(found)
        if name == "endian":  # the name of "bytes" in drafts of the specification
            name = "bytes"
        if name == "sharding_indexed":
            inner = f"{key}[{index}].configuration"
            default_index = [
                {"name": "bytes", "configuration": {"endian": "little"}},
                {"name": "crc32c"},
            ]
            lists = {"codecs": None, "index_codecs": default_index}
            for member, default in lists.items():
                listed = configuration.get(member) or default
                configuration[member] = _codecs(location, f"{inner}.{member}", listed)
        codec: dict[str, Any] = {"name": name}
        if configuration:
            codec["configuration"] = configuration
        codecs.append(codec)
    return codecs


def _inner_shape(location: ArrayLocation, shard: dict[str, Any], rank: int) -> tuple[int, ...]:
    """Return the shape of the smallest piece of a shard that is read by itself."""
    configuration = shard["configuration"]
    key = "sharding_indexed's chunk_shape"
    shape = extents(location, key, configuration.get("chunk_shape"), least=1, rank=rank)
    inner = configuration["codecs"]
    if inner and inner[0]["name"] == "sharding_indexed":
        return _inner_shape(location, inner[0], rank)
    return shape


def _is_native(codecs: list[dict[str, Any]]) -> bool:
    names = [codec["name"] for codec in codecs]
    if any(name not in _NATIVE and name != "sharding_indexed" for name in names):
        return False
    if "sharding_indexed" not in names:
        return True
    configuration = codecs[names.index("sharding_indexed")]["configuration"]
    index_names = {codec["name"] for codec in configuration["index_codecs"]}
    # Tensorstore wants a shard uncompressed as a whole and its index of a fixed size.
    return (
        names[-1] == "sharding_indexed"
        and index_names <= {"bytes", "crc32c"}
        and _is_native(configuration["codecs"])
    )


def _native_codec(codec: dict[str, Any]) -> dict[str, Any]:
    name = codec["name"]
    if name == "sharding_indexed":
        configuration = codec["configuration"]
        kept = {
            k: configuration[k] for k in ("chunk_shape", "index_location") if k in configuration
        }
        for member in ("codecs", "index_codecs"):
            kept[member] = [_native_codec(inner) for inner in configuration[member]]
        return {"name": name, "configuration": kept}
    needed = _NATIVE[name]
    if needed is None:
        return codec
    return {"name": name, "configuration": needed} if needed else {"name": name}


def _check_registered(
    location: ArrayLocation, codecs: list[dict[str, Any]], key: str = "codecs"
) -> None:
    """Refuse codecs that zarr-python and its plugins do not have either."""
    from zarr.registry import get_codec_class

    for index, codec in enumerate(codecs):
        name, at = codec["name"], f"{key}[{index}]"
        try:
            get_codec_class(name)
        except (KeyError, ValueError) as error:  # newer zarr has a ValueError of its own
            message = f'{at}.name: found "{name}", expected a codec tensorstore or zarr-python has'
            raise CodecError(location.where, message) from error
        if name == "sharding_indexed":
            for member in ("codecs", "index_codecs"):
                inner = codec["configuration"][member]
                _check_registered(location, inner, f"{at}.configuration.{member}")
