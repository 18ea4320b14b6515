"""How a path was opened: what the metadata leaves to the user, as chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args

from napari_strata.formats import Orientation, Origin
from napari_strata.geometry import VertexSpace

_ALLOWED: dict[str, tuple[str, ...]] = {
    "origin": get_args(Origin),
    "orientation": get_args(Orientation),
    "vertices": get_args(VertexSpace),
}


@dataclass(frozen=True)
class Choices:
    """The keyword arguments of `napari_strata.open`, which says what they mean.

    Raises
    ------
    ValueError
        If one is none of those that can be chosen.
    """

    origin: Origin = "center"
    multiscale: str | None = None
    orientation: Orientation = "image"
    vertices: VertexSpace | None = None
    profile: str | None = None

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            value = getattr(self, name)
            if value not in allowed and not (name == "vertices" and value is None):
                expected = " or ".join(f'"{one}"' for one in allowed)
                more = ", or None" if name == "vertices" else ""
                raise ValueError(f"{name} is {value!r}, expected {expected}{more}")
        if self.profile is not None and not (isinstance(self.profile, str) and self.profile):
            raise ValueError(f"profile is {self.profile!r}, expected a name, or None")

    def to_json(self) -> dict[str, str]:
        """Give those that differ from the defaults."""
        return {name: value for name, value in asdict(self).items() if value != _DEFAULTS[name]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Choices:
        """Read what `to_json` wrote; other keys are left out.

        Raises
        ------
        ValueError
            If one is none of those that can be chosen.
        """
        return cls(**{name: value[name] for name in _DEFAULTS if name in value})


_DEFAULTS = {field.name: field.default for field in fields(Choices)}

DEFAULT_CHOICES = Choices()
