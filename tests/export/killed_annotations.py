"""An export that kills its own process: ``SOURCE TARGET WHEN REPLACE``.

WHEN is ``before`` annotations are put in place, ``between`` them and their dataset, or ``after``
both are.
"""

import os
import signal
import sys

from napari.layers import Points

import napari_strata as strata
from napari_strata.export.geometries import annotations_place
from napari_strata.export.safety.stage_folder import Stage

WHEN = {"before": 0, "between": 1, "after": 2}


def layers(source, name="new"):
    """The image of a store, and points by this name."""
    return [*strata.open(source).images, Points([[1.0, 2.0, 3.0]], name=name)]


if __name__ == "__main__":
    source, target, when, replace = sys.argv[1:]
    left = WHEN[when]
    place = Stage.place

    def deadly(stage):
        """Place a folder, or die."""
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        place(stage)

    def deadly_both(annotations, dataset):
        """Place both, then die if that is asked for."""
        place_both(annotations, dataset)
        os.kill(os.getpid(), signal.SIGKILL)

    Stage.place = deadly
    place_both = annotations_place.place_both
    from napari_strata.export import annotations_beside

    annotations_beside.place_both = deadly_both
    strata.export(layers(source), target, replace=replace == "replace")
