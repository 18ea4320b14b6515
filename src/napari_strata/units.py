"""Every spelling of a unit found in bioimage metadata → one canonical unit.

The canonical names are those of OME-NGFF 0.4 (section "axes" metadata). Lengths are compared
in micrometres, times in seconds: the units every layer is drawn in.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

Dimension = Literal["length", "time"]


@dataclass(frozen=True)
class Unit:
    """A unit of length or time.

    ``factor`` turns a value in this unit into micrometres (length) or seconds (time).
    """

    name: str
    dimension: Dimension
    factor: float


_SI_PREFIXES = {
    "yotta": ("Y", 24), "zetta": ("Z", 21), "exa": ("E", 18), "peta": ("P", 15),
    "tera": ("T", 12), "giga": ("G", 9), "mega": ("M", 6), "kilo": ("k", 3),
    "hecto": ("h", 2), "deca": ("da", 1), "deci": ("d", -1), "centi": ("c", -2),
    "milli": ("m", -3), "micro": ("u", -6), "nano": ("n", -9), "pico": ("p", -12),
    "femto": ("f", -15), "atto": ("a", -18), "zepto": ("z", -21), "yocto": ("y", -24),
}  # fmt: skip


def _power_of_ten(exponent: int) -> float:
    return float(f"1e{exponent}")  # 10.0 ** -9 is not always the nearest double to 1e-9


def _table() -> tuple[dict[str, Unit], dict[str, Unit]]:
    """Spellings that are compared by case (symbols) and those that are not (names)."""
    symbols: dict[str, Unit] = {}
    names: dict[str, Unit] = {}

    def add(unit: Unit, symbol_spellings: list[str], name_spellings: list[str]) -> None:
        symbols.update(dict.fromkeys(symbol_spellings, unit))
        names.update({s.lower(): unit for s in [unit.name, *name_spellings]})

    def si(base: str, british: str, symbol: str, dimension: Dimension, base_exponent: int) -> None:
        for prefix, (letter, exponent) in {"": ("", 0), **_SI_PREFIXES}.items():
            name = prefix + base
            unit = Unit(name, dimension, _power_of_ten(exponent + base_exponent))
            letters = ["u", "µ", "μ"] if letter == "u" else [letter]
            spellings = [f"{name}s", prefix + british, f"{prefix + british}s"]
            add(unit, [letter + symbol for letter in letters], spellings)

    si("meter", "metre", "m", "length", 6)
    si("second", "second", "s", "time", 0)
    micrometer = names["micrometer"]
    add(micrometer, ["um.", "mu"], ["micron", "microns", "um", "µm", "μm"])
    add(names["nanometer"], [], ["nm"])
    add(Unit("angstrom", "length", 1e-4), ["Å", "Å", "A"], ["angstroms", "ångström", "ångstrom"])
    add(Unit("inch", "length", 25_400.0), ["in", '"'], ["inches"])
    add(Unit("foot", "length", 304_800.0), ["ft"], ["feet"])
    add(Unit("yard", "length", 914_400.0), ["yd"], ["yards"])
    add(Unit("mile", "length", 1_609_344_000.0), ["mi"], ["miles"])
    add(Unit("parsec", "length", 3.085677581491367e22), ["pc"], ["parsecs"])
    add(names["second"], ["sec"], ["secs"])
    add(names["millisecond"], [], ["msec"])
    add(Unit("minute", "time", 60.0), ["min"], ["minutes", "mins"])
    add(Unit("hour", "time", 3600.0), ["h", "hr"], ["hours", "hrs"])
    add(Unit("day", "time", 86_400.0), ["d"], ["days"])
    return symbols, names


_SYMBOLS, _NAMES = _table()
_UNITLESS = {"", "pixel", "pixels", "px", "voxel", "voxels", "none", "dimensionless", "unitless"}


def parse(text: str) -> Unit | None:
    """Return the unit a spelling stands for, or None if it is no length or time known here.

    Symbols are compared by case first (``Mm`` is not ``mm``), names without regard to it.
    """
    text = unicodedata.normalize("NFC", text.strip())
    return _SYMBOLS.get(text) or _NAMES.get(text.lower())


def is_unitless(text: str) -> bool:
    """Tell whether a spelling says "no physical unit" (as opposed to an unknown one)."""
    return text.strip().lower() in _UNITLESS
