"""Levels become lazy arrays: opened from metadata already read, decoded chunk by chunk."""

from napari_strata.arrays.cache import cache_limit, set_cache_limit
from napari_strata.arrays.errors import ChunkError, CodecError
from napari_strata.arrays.level_array import LevelArray, open_level
from napari_strata.arrays.plan import check_codec

__all__ = [
    "ChunkError",
    "CodecError",
    "LevelArray",
    "cache_limit",
    "check_codec",
    "open_level",
    "set_cache_limit",
]
