"""Stores that break one rule each, and what the rules must find: (code, severity, place).

The places and codes are worked out from the specification. The store that keeps the rule is the
conforming one each case starts from.
"""

from __future__ import annotations

from check.breaking import Case
from check.cases_06 import SCENES, SYSTEMS_06, TRANSFORMS
from check.cases_collections import LABELS, PLATES, SERIES
from check.cases_image import ARRAYS, AXES, DATASETS, MULTISCALES, OMERO, VERSIONS

CASES: dict[str, Case] = {
    f"{subject}: {name}": case
    for subject, cases in {
        "version": VERSIONS,
        "multiscales": MULTISCALES,
        "axes": AXES,
        "datasets": DATASETS,
        "arrays": ARRAYS,
        "coordinate systems": SYSTEMS_06,
        "transforms": TRANSFORMS,
        "omero": OMERO,
        "labels": LABELS,
        "plates": PLATES,
        "series": SERIES,
        "scenes": SCENES,
    }.items()
    for name, case in cases.items()
}
