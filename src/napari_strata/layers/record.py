"""What a layer carries in ``metadata["strata"]``: plain JSON types, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from napari_strata import report
from napari_strata.affine import Matrix
from napari_strata.arrays import LevelArray
from napari_strata.dataset import Choices, Image, Level
from napari_strata.model import Problem

PENDING_CONTRAST = "pending_contrast"
CONTRAST_RANGE = "contrast_limits_range"
FIRST_POSITION = "first_position"
ARRAYS = "arrays"
LAYER_NAME = "layer_name"
CHANNEL_LABEL = "channel_label"
EDITED_UNITS = "edited_units"
PER_LEVEL = ("levels", "layer_levels", ARRAYS)
"""What has one entry a level."""


@dataclass(frozen=True)
class Source:
    """What was opened, and how."""

    path: str
    choices: Choices = field(default_factory=Choices)


def record(
    source: Source,
    image: Image,
    levels: Sequence[Level],
    arrays: Sequence[LevelArray],
    *,
    channel: int | None,
    worlds: Sequence[Matrix],
    labels: Sequence[str],
    units: Sequence[str],
    problems: Sequence[Problem],
) -> dict[str, Any]:
    """Describe where a layer comes from and where its levels are.

    ``levels`` are those that are drawn: the transforms as declared, all axes of the image in
    array order;
    ``layer_levels`` the affines as drawn, in the layer's axes and units (micrometres, seconds).
    ``arrays`` name the arrays that the layer was given for them: what is said here of levels
    holds as long as those are its data.
    """
    first = {a: int(i) for a, i in image.display.first_position.items() if a in labels}
    return {
        "format": image.format,
        "path": f"{source.path.rstrip('/')}/{image.path}".rstrip("/"),
        "dataset": source.path,
        "choices": source.choices.to_json(),
        "image": image.path,
        "name": image.name,
        "kind": image.kind,
        "evidence": image.model.evidence,
        "channel": channel,
        "axes": report.axes_as_json(image),
        "levels": [
            {
                **report.level_as_json(level),
                "origin": [
                    {"what": c.what, "where": c.where, "matrix": c.matrix.tolist()}
                    for c in level.origin
                ],
            }
            for level in levels
        ],
        "layer_axes": list(labels),
        "layer_units": list(units),
        "layer_levels": [{"affine": world.tolist()} for world in worlds],
        ARRAYS: [array.identity for array in arrays],
        "problems": [report.problem_as_json(p) for p in (*image.problems, *problems)],
        **({"system": image.system, "systems": list(image.systems)} if image.systems else {}),
        **({FIRST_POSITION: first} if first else {}),
    }
