"""A colour for each level, the same in the viewer and beside it."""

from __future__ import annotations

import colorsys

# Neighbours differ in hue and brightness, also to people who see red and green as one; each is
# seen on black, on white and on napari's greys.
_FEW = (
    "#e69f00",
    "#4aa8e0",
    "#00a878",
    "#d9609f",
    "#8c7bff",
    "#d55e00",
    "#a79a00",
    "#3b82c4",
)


def level_colour(index: int, count: int) -> str:
    """Return the colour of level ``index`` of ``count``, as ``#rrggbb``.

    Up to eight levels have fixed colours, so level 0 looks the same in every dataset; more share
    out the hues.

    Raises
    ------
    IndexError
        If there is no such level.
    """
    if not 0 <= index < count:
        raise IndexError(f"there is no level {index}, there are {count}")
    if count <= len(_FEW):
        return _FEW[index]
    # From the hue of level 0 on; brightness alternates, since neighbouring hues are close.
    parts = _of_hue(0.115 + index / count, 0.22 + 0.14 * (index % 2))
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def _of_hue(hue: float, luminance: float) -> tuple[float, float, float]:
    """Find the colour of a hue that looks as bright as it should (relative luminance, sRGB)."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        red, green, blue = (p**2.2 for p in colorsys.hls_to_rgb(hue, middle, 0.75))
        darker = 0.2126 * red + 0.7152 * green + 0.0722 * blue < luminance
        low, high = (middle, high) if darker else (low, middle)
    return colorsys.hls_to_rgb(hue, low, 0.75)
