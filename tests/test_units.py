"""Every spelling of a unit; factors are to micrometres and seconds."""

from __future__ import annotations

import pytest

from napari_strata import units

LENGTHS = {
    "angstrom": 1e-4,
    "attometer": 1e-12,
    "centimeter": 1e4,
    "decimeter": 1e5,
    "exameter": 1e24,
    "femtometer": 1e-9,
    "foot": 304_800.0,
    "gigameter": 1e15,
    "hectometer": 1e8,
    "inch": 25_400.0,
    "kilometer": 1e9,
    "megameter": 1e12,
    "meter": 1e6,
    "micrometer": 1.0,
    "mile": 1_609_344_000.0,
    "millimeter": 1e3,
    "nanometer": 1e-3,
    "parsec": 3.085677581491367e22,
    "petameter": 1e21,
    "picometer": 1e-6,
    "terameter": 1e18,
    "yard": 914_400.0,
    "yoctometer": 1e-18,
    "yottameter": 1e30,
    "zeptometer": 1e-15,
    "zettameter": 1e27,
}
TIMES = {
    "attosecond": 1e-18,
    "centisecond": 1e-2,
    "day": 86_400.0,
    "decisecond": 1e-1,
    "exasecond": 1e18,
    "femtosecond": 1e-15,
    "gigasecond": 1e9,
    "hectosecond": 1e2,
    "hour": 3600.0,
    "kilosecond": 1e3,
    "megasecond": 1e6,
    "microsecond": 1e-6,
    "millisecond": 1e-3,
    "minute": 60.0,
    "nanosecond": 1e-9,
    "petasecond": 1e15,
    "picosecond": 1e-12,
    "second": 1.0,
    "terasecond": 1e12,
    "yoctosecond": 1e-24,
    "yottasecond": 1e24,
    "zeptosecond": 1e-21,
    "zettasecond": 1e21,
}


@pytest.mark.parametrize("name", LENGTHS)
def test_every_length_of_ome(name: str):
    assert units.parse(name) == units.Unit(name, "length", LENGTHS[name])


@pytest.mark.parametrize("name", TIMES)
def test_every_time_of_ome(name: str):
    assert units.parse(name) == units.Unit(name, "time", TIMES[name])


SPELLINGS = {
    # symbols, by case
    "nm": "nanometer",
    "mm": "millimeter",
    "Mm": "megameter",
    "pm": "picometer",
    "Pm": "petameter",
    "m": "meter",
    "cm": "centimeter",
    "km": "kilometer",
    "dam": "decameter",
    "um": "micrometer",
    "\u00b5m": "micrometer",  # micro sign
    "\u03bcm": "micrometer",  # Greek mu
    "mu": "micrometer",
    "\u00c5": "angstrom",  # letter A with ring
    "\u212b": "angstrom",  # angstrom sign
    "A\u030a": "angstrom",  # A and a combining ring
    "A": "angstrom",
    "in": "inch",
    "ft": "foot",
    "yd": "yard",
    "mi": "mile",
    "pc": "parsec",
    "s": "second",
    "ms": "millisecond",
    "Ms": "megasecond",
    "us": "microsecond",
    "\u00b5s": "microsecond",
    "\u03bcs": "microsecond",
    "ns": "nanosecond",
    "sec": "second",
    "msec": "millisecond",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
    # names, whatever their case: plural, British, colloquial
    "nanometers": "nanometer",
    "nanometre": "nanometer",
    "nanometres": "nanometer",
    "Nanometer": "nanometer",
    "NM": "nanometer",
    "micrometre": "micrometer",
    "Micrometers": "micrometer",
    "micron": "micrometer",
    "microns": "micrometer",
    "MICRON": "micrometer",
    "metres": "meter",
    "angstroms": "angstrom",
    "\u00c5ngstr\u00f6m": "angstrom",
    "\u00e5ngstrom": "angstrom",
    "inches": "inch",
    "feet": "foot",
    "seconds": "second",
    "Seconds": "second",
    "milliseconds": "millisecond",
    "minutes": "minute",
    "hours": "hour",
    "days": "day",
    "  nm ": "nanometer",
}


@pytest.mark.parametrize("text", SPELLINGS, ids=ascii)
def test_spellings(text: str):
    found = units.parse(text)
    assert found is not None
    assert found.name == SPELLINGS[text]


@pytest.mark.parametrize(
    "text", ["", "MM", "KM", "M", "S", "px", "pixel", "a.u.", "slice", "frame", "8 nm", "nmm", "K"]
)
def test_neither_length_nor_time(text: str):
    assert units.parse(text) is None


UNITLESS = ["", " ", "pixel", "Pixels", "px", "voxel", "VOXELS", "none", "dimensionless"]


@pytest.mark.parametrize("text", UNITLESS)
def test_unitless(text: str):
    assert units.is_unitless(text)


@pytest.mark.parametrize("text", ["nm", "a.u.", "slice", "unknown", "m"])
def test_not_unitless(text: str):
    assert not units.is_unitless(text)
