"""Some of very many similar cases: always the same, and one of every kind."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from random import Random
from typing import Any, TypeVar

Case = TypeVar("Case")


def sampled(cases: Sequence[Case], kind: Callable[[Case], Hashable], most: int) -> list[Case]:
    """Return at most so many cases, in their order; more only where there are more kinds."""
    order = Random(0).sample(range(len(cases)), len(cases))
    firsts = {kind(cases[number]): number for number in reversed(order)}
    kept = set(firsts.values())
    rest = [number for number in order if number not in kept]
    kept.update(rest[: max(most - len(kept), 0)])
    return [cases[number] for number in sorted(kept)]


def kind_of_place(place: Sequence[Any]) -> tuple[Any, ...]:
    """Return the keys that lead to a place in JSON, whichever items of lists are on the way."""
    return tuple("[]" if isinstance(key, int) else key for key in place)
