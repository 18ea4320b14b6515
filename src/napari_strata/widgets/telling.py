"""Telling the user what opening left out and found wrong, in napari's notifications."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import (
    Notification,
    notification_manager,
    show_info,
    show_warning,
)

if TYPE_CHECKING:
    from napari_strata.layers.build import Built
    from napari_strata.layers.geometry.choice import WaitingFolder


def notify(built: Built, browse: Callable[[], Any] | None = None) -> None:
    """Say how much more a dataset holds than was opened, and the first of its problems.

    Parameters
    ----------
    browse : opens the browser at the dataset; offered where more is to be seen there. None:
        there is no window, or it is open already.
    """
    left_out = {"images": built.images_left_out, "geometries": built.geometries_left_out}
    for what, count in left_out.items():
        if count:
            _tell_of_more(f"The dataset holds {count} more {what} than were opened", browse)
    for folder in built.mesh_folders:
        show_info(_about_meshes(folder))
    problems = [p for p in built.problems if p.severity != "info"]
    if problems:
        count = len(problems) - 1
        more = f" (and {count} more, see Plugins > Strata > Inspector)" if count else ""
        show_warning(f"{problems[0]}{more}")


def _tell_of_more(message: str, browse: Callable[[], Any] | None) -> None:
    if browse is None:
        show_info(
            f"{message}; open one by its own folder, or see them all in Plugins > Strata > "
            "Browser (Strata) or with: napari-strata inspect"
        )
        return

    def pressed(_notification: Any) -> None:
        browse()

    notification_manager.dispatch(
        Notification(f"{message}; all are in the browser.", "info", actions=(("Browse", pressed),))
    )


def _about_meshes(folder: WaitingFolder) -> str:
    many = "meshes" if folder.count is None else f"the meshes of {folder.count:,} segments"
    return (
        f"{folder.name} holds {many}: choose segments in Plugins > Strata > Geometries (Strata) "
        f"(open {folder.address.dataset} there)"
    )
