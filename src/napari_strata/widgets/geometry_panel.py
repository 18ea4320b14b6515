"""The panel of geometries: what is shown of the selected one, and meshes to add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from qtpy.QtWidgets import QWidget

from napari_strata.layers.geometry.address import Address
from napari_strata.layers.notes import KEY
from napari_strata.widgets import chosen_layers, layer_box
from napari_strata.widgets.docked import DockedPanel, heading, rule, title
from napari_strata.widgets.following import Following
from napari_strata.widgets.level_form import LevelForm, Wish
from napari_strata.widgets.mesh_folder import MeshFolder, OpenedFolder, open_folders
from napari_strata.widgets.problem_list import quiet_text
from napari_strata.widgets.segments import Segment, add_segment, read_segment, shown_segment

if TYPE_CHECKING:
    from napari.viewer import Viewer

_HINT = (
    "Select a layer of points, lines, a graph or a mesh that was opened by napari-strata: "
    "its level, the space of its vertices and a crop box are chosen here."
)


class GeometryPanel(DockedPanel):
    """Follows the selected layer of a viewer, if it shows a geometry.

    The last one stays while a layer of another kind is selected, so that a shape can be drawn to
    crop it with.
    """

    dock_name = "Geometries (Strata)"

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(napari_viewer, parent)
        self.layer: Layer | None = None
        self._following = Following(self, self.viewer)
        self.name = title()
        self.hint = quiet_text(_HINT)
        self.form = LevelForm()
        self.meshes = MeshFolder()
        self._lay_out()
        self._connect()
        self.follow()

    def _lay_out(self) -> None:
        self.lay_out(
            self.name, self.hint, self.form, rule(), heading("Meshes of segments"), self.meshes
        )

    def _connect(self) -> None:
        self.form.wished.connect(self._read)
        self.form.view_asked.connect(self._crop_to_view)
        self.form.shape_asked.connect(self._crop_to_shape)
        self.meshes.folder_asked.connect(self._open_folder)
        self.meshes.segment_asked.connect(self._read_segment)
        self.meshes.label_asked.connect(self._ask_label)
        # Whichever of the two goes first, nobody is called that is no longer there.
        self.destroyed.connect(self._following.stop)

    # Following the viewer

    def follow(self) -> None:
        """Take over the selected layer if it is one of ours."""
        active = self.viewer.layers.selection.active
        if chosen_layers.is_geometry(active):
            self._take(active)
        elif self.layer is None:
            self._take(
                next(
                    (x for x in reversed(self.viewer.layers) if chosen_layers.is_geometry(x)), None
                )
            )
        self.refresh()
        self.meshes.set_known(chosen_layers.known_folders(self.viewer))

    def _take(self, layer: Layer | None) -> None:
        self.layer = layer
        self._following.watch(layer)

    def forget(self, layer: Layer) -> None:
        """Have nothing more to do with a layer that was removed."""
        self.background.forget(layer)
        if layer is self.layer:
            self._take(None)
        self.follow()

    def refresh(self) -> None:
        """Show the state of the layer that is followed; while it is read, what is wished stays."""
        layer = self.layer
        if layer is not None and not chosen_layers.is_geometry(layer):  # its record was taken away
            self._take(None)
            layer = None
        self.name.setVisible(layer is not None)
        self.form.setVisible(layer is not None)
        self.hint.setVisible(layer is None)
        if layer is not None:
            self.name.setText(layer.name)
            self.name.setToolTip(f"{layer.name}\n{layer.metadata[KEY].get('path', '')}")
            if not self.background.busy(layer):
                self.form.show_layer(layer)
            else:
                self.form.show_reading()
        self._show_busy()

    def _show_busy(self) -> None:
        """Show that something is read, be it for the layer that is followed or for a new one."""
        awaited = self.background.awaited()
        self.busy.setVisible(any(s is self.layer or not isinstance(s, Layer) for s in awaited))

    # Reading another part

    def _read(self, wish: Wish) -> None:
        from napari_strata.layers.geometry import view as geometry_view

        layer = self.layer
        if layer is None:
            return

        def work() -> Any:
            return geometry_view.read(layer, level=wish.level, box=wish.box, vertices=wish.vertices)

        def done(arrived: Any) -> None:
            geometry_view.apply(layer, arrived)
            self._finished(layer)

        self.background.run(layer, work, done, lambda message: self._finished(layer, message))
        self.refresh()

    def _finished(self, layer: Layer, message: str = "") -> None:
        if layer is self.layer:
            self.form.show_layer(layer, again=True)
            self.refresh()
            if message:
                self.form.say(message)

    def _crop_to_view(self) -> None:
        from napari_strata.layers.geometry.canvas import box_of_view

        self._crop_to(lambda layer: box_of_view(self.viewer, layer))

    def _crop_to_shape(self) -> None:
        def of_shape(layer: Layer) -> Any:
            shapes = chosen_layers.selected_shapes(self.viewer)
            return layer_box.box_of_shapes(self.viewer, shapes, layer)

        self._crop_to(of_shape)

    def _crop_to(self, box_of: Any) -> None:
        if self.layer is None:
            return
        try:
            box = box_of(self.layer)
        except ValueError as error:
            self.form.say(str(error))
            return
        self.form.crop_to(box)

    # Meshes of segments

    def open_folder(self, address: Address) -> None:
        """Fill in a folder of meshes and read what is there."""
        self.meshes.open_address(address)

    def _open_folder(self, address: Address) -> None:
        def failed(message: str) -> None:
            self.meshes.set_folders([])
            self._meshes_failed(message)

        def done(folders: list[OpenedFolder]) -> None:
            self.meshes.set_folders(folders, address.geometry)
            self._show_busy()

        self.background.run(self.meshes, lambda: open_folders(address), done, failed)
        self._show_busy()

    def _read_segment(self, folder: OpenedFolder, segment: int) -> None:
        there = shown_segment(self.viewer, folder, segment)
        if there is not None:
            self.viewer.layers.selection.active = there
            self.meshes.say(f"Segment {segment} is the layer '{there.name}'.", "info")
            return

        def done(read: Segment) -> None:
            add_segment(self.viewer, read)
            self._show_busy()

        # Each segment is work of its own: one that is asked for next supersedes none.
        self.background.run(
            (folder.address, segment),
            lambda: read_segment(folder, segment),
            done,
            self._meshes_failed,
        )
        self._show_busy()

    def _meshes_failed(self, message: str) -> None:
        self.meshes.say(message)
        self._show_busy()

    def _ask_label(self, folder: OpenedFolder) -> None:
        try:
            labels = chosen_layers.selected_labels(self.viewer)
        except ValueError as error:
            self.meshes.say(str(error))
            return
        self.meshes.segment.setText(str(labels.selected_label))
        self.meshes.ask(folder, int(labels.selected_label))


def open_panel(viewer: Viewer, folder: Address | None = None) -> GeometryPanel:
    """Open the panel in a viewer's window, or raise the one that is there.

    Parameters
    ----------
    folder : of meshes, to open in it.
    """
    panel = GeometryPanel.open_in(viewer)
    if folder is not None:
        panel.open_folder(folder)
    return panel
