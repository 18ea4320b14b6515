"""Findings of several sources as one list: each defect once, at its strictest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from napari_strata.check.finding import Finding

_RANK = {"info": 0, "warning": 1, "error": 2}

# Codes that say no more than that the value at a place is not what it should be: two of them at
# one place are one defect.
_VALUE = frozenset(
    {
        "bad-acquisition",
        "bad-color",
        "bad-image-label",
        "bad-label-color",
        "bad-label-value",
        "bad-layout",
        "bad-omero",
        "bad-path",
        "bad-plate",
        "bad-window",
        "invalid-value",
        "label-color-without-opacity",
        "label-source",
        "link-outside",
        "missing-axes",
        "missing-image",
        "missing-key",
        "missing-name",
        "missing-scale",
        "spec-repeated-item",
        "spec-transform-ends",
        "spec-unit",
        "unknown-transform",
        "unknown-unit",
        "wrong-length",
    }
)
# What opening calls such a value where it knows what it should be good for.
_BY_OPENING = frozenset(
    {
        "missing-output",
        "no-image",
        "other-system",
        "repeated-axis",
        "singular-transform",
        "unknown-axis",
        "unknown-system",
        "wrong-axes",
        "wrong-rank",
    }
)


@dataclass
class Merged:
    """Findings in the order they came."""

    findings: list[Finding] = field(default_factory=list)
    _at: dict[str, list[int]] = field(default_factory=dict)
    _in_file: dict[str, list[int]] = field(default_factory=dict)

    def add(self, found: Finding) -> None:
        """Add a finding; what is there already takes its rule, and its severity if stricter."""
        same = self._same(found)
        if same is None:
            self._at.setdefault(found.problem.where, []).append(len(self.findings))
            self._in_file.setdefault(_file(found), []).append(len(self.findings))
            self.findings.append(found)
        else:
            self.findings[same] = _stricter(self.findings[same], found)

    def _same(self, found: Finding) -> int | None:
        code = found.problem.code
        for index in self._at.get(found.problem.where, ()):
            known = self.findings[index].problem.code
            if known == code or (known in _VALUE | _BY_OPENING and code in _VALUE):
                return index
        return None

    def knows(self, found: Finding) -> bool:
        """Tell whether something is found at the place, or the same further in or out."""
        where, code = found.problem.where, found.problem.code
        inside = (f"{where}.", f"{where}[")
        for index in self._in_file.get(_file(found), ()):
            known = self.findings[index].problem
            at = known.where
            if at == where and known.severity != "info":
                return True
            if at.startswith(inside) and (known.code == code or code == "spec-repeated-item"):
                return True
            if where.startswith((f"{at}.", f"{at}[")) and known.code in _VALUE:
                return True
        return False


def _file(found: Finding) -> str:
    return found.problem.where.partition(": ")[0]


def _stricter(known: Finding, new: Finding) -> Finding:
    severity = max(known.problem.severity, new.problem.severity, key=_RANK.__getitem__)
    problem = replace(known.problem, severity=severity)
    exact = ": " in known.rule  # opening names the section alone
    return replace(known, problem=problem, rule=known.rule if exact else new.rule or known.rule)


def merge(
    opening: Iterable[Finding], rules: Iterable[Finding], second: Iterable[Finding]
) -> list[Finding]:
    """Put together what opening, our rules and, as a second opinion, another library find."""
    merged = Merged()
    for found in (*opening, *rules):
        merged.add(found)
    for found in second:
        if not merged.knows(found):
            merged.add(found)
    return merged.findings
