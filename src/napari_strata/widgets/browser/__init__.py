"""The panel in which a container is browsed and opened in parts."""
