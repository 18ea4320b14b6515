"""VISoR's stacks in the axes of the microscope's stage, where somebody asks for that.

The schema does not say how a frame lies on the stage. What it lists of a channel does: the stage
moves in x while frames are taken (``velocity``: "in x direction"; times ``exposure`` it is the
distance of frames), and in y from stack to stack (``move_y``), by about the width of a frame
(``image_size`` times ``pixel_size``). So frames follow each other along the stage's x, their
columns lie along its y, and their rows go into the depth. The tilt of the light sheet is not in
the metadata: it stays uncorrected.
"""

from __future__ import annotations

from collections.abc import Sequence

from napari_strata import units
from napari_strata.formats.visor_stacks import axis_of
from napari_strata.model import Axis, Problem

_ALONG = {"x": "z", "y": "x", "z": "y"}  # an axis of the stage: that of the image along it


def stage_order(axes: Sequence[Axis], where: str, problems: list[Problem]) -> list[int] | None:
    """Return for each axis, taken as the stage's, the axis of the image that lies along it.

    None, with a problem, for a flat image or one of several units.

    Parameters
    ----------
    axes : of the image, array order.
    where : names the image in a problem.
    """
    indices = {name: axis_of(axes, name) for name in _ALONG}
    found = [i for i in indices.values() if i is not None]
    sizes = {units.parse(axes[i].unit or "") for i in found}
    if len(found) < len(_ALONG) or len(sizes) != 1:
        message = "has no axes z, y and x in one unit; shown in the axes of the image"
        problems.append(Problem("not-on-stage", "warning", where, message))
        return None
    message = (
        "is shown in the axes of the stage: frames along x, their columns along y, their rows "
        "along z; the tilt of the light sheet is not in the metadata and not corrected"
    )
    problems.append(Problem("on-stage", "info", where, message))
    order = [*range(len(axes))]
    for stage, image in _ALONG.items():
        at, source = indices[stage], indices[image]
        assert at is not None
        assert source is not None
        order[at] = source
    return order
