"""Which levels of an image, and which tiles of a mosaic, can be decoded."""

from __future__ import annotations

from dataclasses import replace

from napari_strata.arrays.plan import check_codec
from napari_strata.model import Image, Level, Location, MosaicLocation, Problem, stored_arrays


def decodable(image: Image, problems: list[Problem]) -> Image | None:
    """Leave out levels that cannot be decoded; None, with the reason, if none is left."""
    kept: list[Level] = []
    defects: list[Problem] = []
    for level in image.levels:
        sound = _sound_part(level, defects)
        if sound is not None:
            kept.append(sound)
    if not kept:
        problems.extend(defects)
        return None
    intrinsic = None if image.intrinsic is None else decodable(image.intrinsic, [])
    found = (*image.problems, *defects)
    return replace(image, levels=tuple(kept), problems=found, intrinsic=intrinsic)


def _sound_part(level: Level, defects: list[Problem]) -> Level | None:
    """Return the level, of a mosaic the tiles that can be decoded, or None."""
    location = level.location
    if check_codec(location) is None:
        return level
    if isinstance(location, MosaicLocation):
        tiles = tuple(t for t in location.tiles if not _codec_defects(t.location, defects))
        return replace(level, location=MosaicLocation(tiles)) if tiles else None
    _codec_defects(location, defects)
    return None


def _codec_defects(location: Location, defects: list[Problem]) -> bool:
    """Note the first array of a location that cannot be decoded; tell if there is one."""
    for array in stored_arrays(location):
        reason = check_codec(array)
        if reason:
            defects.append(Problem("unknown-codec", "error", array.where, reason))
            return True
    return False
