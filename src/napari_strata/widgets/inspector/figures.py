"""Numbers of levels as text, short enough for a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_STEP = 1024
_SHORT = {"micrometer": "µm", "nanometer": "nm", "millimeter": "mm", "second": "s", "pixel": "px"}


def vector(numbers: Sequence[float] | None, empty: str = "–") -> str:
    """Give numbers with commas; what is not known is ``empty``."""
    if not numbers:
        return empty
    return ", ".join(f"{number:.7g}" for number in numbers)


def counts(numbers: Sequence[int] | None) -> str:
    """Give numbers of voxels with a cross between them."""
    return " × ".join(str(number) for number in numbers) if numbers else "–"


def size(count: int | None) -> str:
    """Say how much so many bytes are; nothing known is a dash."""
    if count is None:
        return "–"
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < _STEP or unit == "TiB":
            break
        value /= _STEP
    return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:,.1f} {unit}"


def unit(text: str | None) -> str:
    """Give the short name of a unit, as far as it is known; ``px`` for a plain voxel."""
    if text is None or text == "":
        return "px"
    return _SHORT.get(text, text)


def unit_row(found: Sequence[str | None]) -> str:
    """Give one unit if all are the same, else each."""
    short = [unit(each) for each in found]
    if not short:
        return "–"
    return short[0] if len(set(short)) == 1 else ", ".join(short)


def measures(numbers: Sequence[float] | None, of: Sequence[str]) -> str:
    """Give lengths with their units; one unit is said once."""
    if not numbers:
        return "–"
    if len(set(of)) == 1:
        return f"{' × '.join(f'{n:.5g}' for n in numbers)} {unit(of[0])}"
    return " × ".join(f"{n:.5g} {unit(u)}" for n, u in zip(numbers, of, strict=True))


def offset(voxels: float) -> str:
    """Give a distance in voxels; a millionth is nothing."""
    if voxels <= 1e-6:
        return "0"
    return f"{voxels:.2f}" if voxels >= 0.01 else f"{voxels:.0e}"


def by_axis(names: Sequence[str], numbers: Sequence[float]) -> str:
    """Give a number for each axis by its name; napari calls an axis -1, say, that has none."""
    return ", ".join(f"{n}: {v:+.3g}" for n, v in zip(names, numbers, strict=True))


def matrix(rows: Sequence[Sequence[float]]) -> str:
    """Give a matrix as lines of columns, each as wide as its widest number."""
    texts = [[f"{value:.8g}" for value in row] for row in rows]
    widths = [max(len(text) for text in column) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
        for row in texts
    )


def problem_count(problems: Sequence[Mapping[str, str]]) -> str:
    """Say how many problems there are, the worst kind first."""
    severities = [problem["severity"] for problem in problems]
    found = [
        f"{severities.count(kind)} {name if severities.count(kind) == 1 else plural}"
        for kind, name, plural in (
            ("error", "error", "errors"),
            ("warning", "warning", "warnings"),
            ("info", "note", "notes"),
        )
        if kind in severities
    ]
    return ", ".join(found) or "none"
