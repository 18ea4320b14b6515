"""What napari calls: the reader and the commands of the manifest."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from napari_strata.store.recognise import recognise

if TYPE_CHECKING:
    from napari_strata.layers.build import Built
    from napari_strata.layers.geometry.address import Address

PathOrPaths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def get_reader(path: PathOrPaths) -> Callable[[PathOrPaths], list[Any]] | None:
    """Return a reader for a container, a folder or metadata file in one; else None, quickly."""
    if isinstance(path, list | tuple):
        if len(path) != 1:  # several files opened as one stack
            return None
        path = path[0]
    return read if recognise(os.fspath(path)) else None  # type: ignore[arg-type]


def read(path: PathOrPaths) -> list[Any]:
    """Open a path as layers and tell of problems; a window lives on while it is read.

    Raises
    ------
    OpenError
        If nothing can be drawn; napari shows its one line.
    """
    if isinstance(path, list | tuple):
        path = path[0]
    import napari

    viewer = napari.current_viewer()  # now: while it is read, another window may come to the front
    built = _build(path, viewer)  # type: ignore[arg-type]
    if built is None:
        return [(None,)]
    if not built.layers:
        if built.mesh_folders:
            _tell(built, path, viewer)  # type: ignore[arg-type]
            _offer_meshes(built.mesh_folders[0].address, viewer)
            return [(None,)]  # what napari takes for "opened, and no layer"
        errors = [p for p in built.problems if p.severity == "error"]
        from napari_strata.model import OpenError

        raise OpenError(errors[-1])
    layers = _prepare_viewer(built, viewer)
    _tell(built, path, viewer)  # type: ignore[arg-type]
    return layers


def _build(path: str | os.PathLike[str], viewer: Any) -> Built | None:
    """Read a path, in a thread where there is a window; None if the window was closed meanwhile."""
    if viewer is None:
        return _read_now(path)
    from napari_strata.widgets.waiting import Abandoned, wait_for

    try:
        return wait_for(lambda: _read_now(path), viewer.window._qt_window)
    except Abandoned:
        return None


def _read_now(path: str | os.PathLike[str]) -> Built:
    from napari_strata import dataset
    from napari_strata.layers.build import build

    return build(dataset.open(path))


def _prepare_viewer(built: Built, viewer: Any) -> list[Any]:
    """Let the viewer settle the layers as they arrive; without one, settle them here."""
    from napari.layers import Layer

    from napari_strata.layers.arrival import settle, watch
    from napari_strata.layers.first_position import show_first_position
    from napari_strata.layers.run import run_at_once, run_in_background

    if viewer is not None:
        watch(viewer, run_in_background)
        show_first_position(viewer, built.layers)
        return built.layers
    layers = [x if isinstance(x, Layer) else Layer.create(*x) for x in built.layers]
    for layer in layers:
        settle(layer, run_at_once)
    return layers


def _offer_meshes(folder: Address, viewer: Any) -> None:
    """Open the panel where the mesh of a segment is chosen, if there is a window."""
    if viewer is None:
        return
    from napari_strata.widgets.geometry_panel import open_panel

    open_panel(viewer, folder)


def _tell(built: Built, path: str | os.PathLike[str], viewer: Any) -> None:
    """Tell what was left out and found wrong; where there is a window, offer to browse."""
    from napari_strata.widgets.telling import notify

    notify(built, None if viewer is None else _browsing(viewer, os.fspath(path)))


def _browsing(viewer: Any, path: str) -> Callable[[], None]:
    """Return what opens the browser, in another window where that of the viewer was closed.

    It keeps no viewer alive: napari keeps all notifications, and with them what they call.
    """
    reference = weakref.ref(viewer)

    def browse() -> None:
        import napari

        from napari_strata.widgets.browser.panel import open_panel

        there = reference()
        if there is None or not hasattr(there.window, "_qt_window"):  # napari deletes it
            there = napari.current_viewer()
        if there is not None:
            open_panel(there, path)

    return browse


def open_samples() -> None:
    """Write a sample of every format and open all of them in the current viewer."""
    from napari_strata import demo

    viewer = _current_viewer()
    demo.open_samples(viewer, demo.write_for(viewer))


def move_to_common_origin() -> None:
    """Move all layers of the viewer by the same distance, near world 0."""
    from napari_strata.layers.common_origin import move_near_zero

    move_near_zero(_current_viewer().layers)


def _current_viewer() -> Any:
    import napari

    viewer = napari.current_viewer()
    if viewer is None:
        raise RuntimeError("no napari viewer is open")
    return viewer
