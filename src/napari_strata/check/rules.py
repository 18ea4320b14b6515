"""What a rule is: a small function, with what it is called and how much it matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from napari_strata.check.element import Element, Fault
from napari_strata.check.finding import Finding
from napari_strata.model import Severity

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")

Check = Callable[[Element], Iterable[Fault]]


@dataclass(frozen=True)
class Rule:
    """One demand of the specification.

    Attributes
    ----------
    code : of the problem, the same as where opening finds it.
    severity : error for what MUST be, warning for what SHOULD be.
    section : of the specification.
    text : what it asks for.
    since, until : the first and the last version that asks for it.
    """

    code: str
    severity: Severity
    section: str
    text: str
    since: str
    until: str
    check: Check

    @property
    def versions(self) -> str:
        """The versions it holds for, to be read."""
        return self.since if self.since == self.until else f"{self.since} to {self.until}"


@dataclass
class Rules:
    """The rules of one subject.

    Attributes
    ----------
    section : of the specification.
    elements : what of a group's metadata the rules look at, one by one.
    """

    section: str
    elements: Callable[[Element], Iterable[Element]]
    listed: list[Rule] = field(default_factory=list)

    def must(
        self, code: str, text: str, *, since: str = VERSIONS[0], until: str = VERSIONS[-1]
    ) -> Callable[[Check], Check]:
        """Add a rule that is an error to break."""
        return self._adder(code, "error", text, since, until)

    def should(
        self, code: str, text: str, *, since: str = VERSIONS[0], until: str = VERSIONS[-1]
    ) -> Callable[[Check], Check]:
        """Add a rule that is a warning to break."""
        return self._adder(code, "warning", text, since, until)

    def _adder(
        self, code: str, severity: Severity, text: str, since: str, until: str
    ) -> Callable[[Check], Check]:
        def add(check: Check) -> Check:
            self.listed.append(Rule(code, severity, self.section, text, since, until, check))
            return check

        return add

    def findings(self, root: Element) -> Iterator[Finding]:
        """Apply the rules of the group's version to a group's metadata."""
        rules = [r for r in self.listed if r.since <= root.version <= r.until]
        for element in self.elements(root):
            for rule in rules:
                for place, message in rule.check(element):
                    problem = place.problem(rule.code, rule.severity, message)
                    yield Finding(problem, f"{rule.section}: {rule.text}")
