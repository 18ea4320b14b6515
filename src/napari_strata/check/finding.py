"""What a check finds, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_strata.model import Problem


@dataclass(frozen=True)
class Finding:
    """A defect, and the rule it breaks.

    Attributes
    ----------
    problem : code, severity, place and message, as where a dataset is opened.
    rule : the section of the specification and what it asks for, in short.
    group : path of the group relative to the container's root, ``""`` for the root; without
        metadata of OME-Zarr, of the image relative to what was checked.
    format : of the group, such as ``ome-zarr-0.5``; empty where the finding belongs to none.
        Of ZVF, also which rules these are: the published page's, or zarr-vectors' own.
    """

    problem: Problem
    rule: str
    group: str = ""
    format: str = ""

    def as_json(self) -> dict[str, str]:
        """Describe the finding in plain JSON types."""
        return {
            "code": self.problem.code,
            "severity": self.problem.severity,
            "where": self.problem.where,
            "rule": self.rule,
            "message": self.problem.message,
        }


@dataclass(frozen=True)
class Report:
    """All that a check found.

    Attributes
    ----------
    path : what was checked.
    findings : by group, in the order the groups were visited.
    images : how many images can be opened.
    geometries : how many geometries can be opened.
    """

    path: str
    findings: tuple[Finding, ...]
    images: int
    geometries: int = 0

    def count(self, severity: str) -> int:
        """Count the findings of one severity."""
        return sum(f.problem.severity == severity for f in self.findings)

    @property
    def summary(self) -> str:
        """The result in one line."""
        errors, warnings = self.count("error"), self.count("warning")
        counts = [f"{self.images} images"] if self.images or not self.geometries else []
        if self.geometries:
            counts.append(f"{self.geometries} geometries")
        return f"{errors} errors, {warnings} warnings in {', '.join(counts)}"

    def as_json(self) -> dict[str, Any]:
        """Describe the report in plain JSON types."""
        return {
            "path": self.path,
            "findings": [finding.as_json() for finding in self.findings],
            "images": self.images,
            "geometries": self.geometries,
        }
