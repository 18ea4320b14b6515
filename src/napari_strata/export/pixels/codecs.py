"""How voxels are compressed, and how each container says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from napari_strata.export.errors import ExportError

Container = Literal["zarr3", "zarr2", "n5"]
Compressor = Literal["blosc", "zstd", "gzip", "none"]

_HIGHEST = {"blosc": 9, "zstd": 22, "gzip": 9, "none": 0}


@dataclass(frozen=True)
class Codec:
    """A compressor that every container has.

    Attributes
    ----------
    name : ``blosc`` is Zstandard within Blosc, bytes shuffled; best for both images and labels.
    level : how hard it tries, from 1 (0 for ``none``).

    Raises
    ------
    ExportError : there is no such compressor or level.
    """

    name: Compressor = "blosc"
    level: int = 5

    def __post_init__(self) -> None:
        highest = _HIGHEST.get(self.name)
        if highest is None:
            raise ExportError(f"codec: found {self.name!r}, expected one of {', '.join(_HIGHEST)}")
        if self.name != "none" and not 1 <= self.level <= highest:
            raise ExportError(f"level of {self.name}: found {self.level}, expected 1 to {highest}")

    def in_zarr3(self) -> list[dict[str, Any]]:
        """Return Zarr v3's chain of codecs for one chunk."""
        chain: list[dict[str, Any]] = [{"name": "bytes", "configuration": {"endian": "little"}}]
        if self.name == "blosc":
            options = {"cname": "zstd", "clevel": self.level, "shuffle": "shuffle"}
            chain.append({"name": "blosc", "configuration": options})
        elif self.name != "none":
            chain.append({"name": self.name, "configuration": {"level": self.level}})
        return chain

    def in_zarr2(self) -> dict[str, Any] | None:
        """Return Zarr v2's ``compressor``."""
        if self.name == "none":
            return None
        if self.name == "blosc":
            return {"id": "blosc", "cname": "zstd", "clevel": self.level, "shuffle": 1}
        return {"id": self.name, "level": self.level}

    def in_n5(self) -> dict[str, Any]:
        """Return N5's ``compression``."""
        if self.name == "none":
            return {"type": "raw"}
        if self.name == "blosc":
            return {"type": "blosc", "cname": "zstd", "clevel": self.level, "shuffle": 1}
        return {"type": self.name, "level": self.level}


DEFAULT = Codec()
