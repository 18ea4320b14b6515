"""What ``dev.py`` does: set-up, tests and demo, by the standard library alone."""
