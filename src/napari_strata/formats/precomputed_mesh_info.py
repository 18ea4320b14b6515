"""What the ``info`` of a folder of precomputed meshes says of how they are stored.

Rules: Neuroglancer's descriptions of meshes and of sharded storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_strata.model import Problem
from napari_strata.store.values import JsonPlace, mapping, quote, vector

LEGACY = "neuroglancer_legacy_mesh"
MULTISCALE = "neuroglancer_multilod_draco"

_IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_LARGEST = 1e100  # so that no vertex, in float32, becomes infinite
_BITS = (10, 16)
_SHARDED = "neuroglancer_uint64_sharded_v1"
_CHOICES: dict[str, tuple[tuple[str, ...], str | None]] = {
    "@type": ((_SHARDED,), None),
    "hash": (("identity", "murmurhash3_x86_128"), None),
    "minishard_index_encoding": (("raw", "gzip"), "raw"),
    "data_encoding": (("raw", "gzip"), "raw"),
}
_MOST_BITS = {"preshift_bits": 64, "minishard_bits": 32, "shard_bits": 64}


def read_mesh_info(
    info: Mapping[str, Any] | None, at: JsonPlace, problems: list[Problem]
) -> tuple[str, dict[str, Any]]:
    """Read the kind of the meshes, and what the reader of that kind has to know (JSON values).

    ``transform`` are three rows of four numbers as one list, from a vertex (x, y, z) to nm. Of
    the multiresolution format there are ``bits``, and ``sharding`` or None.

    Raises
    ------
    OpenError
        If it is no mesh's, or meshes cannot be read by it.
    """
    if info is None:
        return LEGACY, {"transform": list(_IDENTITY)}
    kind = info.get("@type")
    if kind == LEGACY:
        if info.get("transform") not in (None, list(_IDENTITY)):
            message = (
                f"found {quote(info['transform'])}, expected none: vertices of this format are in "
                "nm as they are; not applied"
            )
            problems.append(
                at.child("transform").problem("transform-not-applied", "warning", message)
            )
        return LEGACY, {"transform": list(_IDENTITY)}
    if kind != MULTISCALE:
        message = f'found {quote(kind)}, expected "{LEGACY}" or "{MULTISCALE}"'
        raise at.child("@type").refuse("not-a-mesh", message)
    return MULTISCALE, {
        "transform": _transform(info, at.child("transform"), problems),
        "bits": _bits(info.get("vertex_quantization_bits"), at.child("vertex_quantization_bits")),
        "sharding": _sharding(info.get("sharding"), at.child("sharding")),
    }


def _transform(info: Mapping[str, Any], at: JsonPlace, problems: list[Problem]) -> list[float]:
    if info.get("transform") is None:
        message = "found no transform, expected 12 numbers; vertices are taken to be in nm"
        problems.append(at.problem("missing-key", "warning", message))
        return list(_IDENTITY)
    numbers = vector(info["transform"], at, 12)
    linear = np.reshape(numbers, (3, 4))[:, :3]
    if np.abs(numbers).max() > _LARGEST or not np.isfinite(np.linalg.slogdet(linear)[1]):
        raise at.unexpected(info["transform"], "a transform that can be inverted")
    return numbers


def _bits(value: object, at: JsonPlace) -> int:
    if isinstance(value, bool) or value not in _BITS:
        raise at.unexpected(value, "10 or 16")
    return int(value)


def _sharding(value: object, at: JsonPlace) -> dict[str, Any] | None:
    if value is None:
        return None
    sharding = mapping(value, at)
    result: dict[str, Any] = {}
    for key, (choices, default) in _CHOICES.items():
        found = sharding.get(key, default)
        if found not in choices:
            raise at.child(key).unexpected(found, " or ".join(f'"{c}"' for c in choices))
        result[key] = found
    for key, most in _MOST_BITS.items():
        bits = sharding.get(key)
        if isinstance(bits, bool) or not isinstance(bits, int) or not 0 <= bits <= most:
            raise at.child(key).unexpected(bits, f"a whole number from 0 to {most}")
        result[key] = bits
    if result["minishard_bits"] + result["shard_bits"] > 64:
        raise at.refuse("invalid-value", "found more than 64 bits of shards and minishards")
    return result
