"""Open any multiscale bioimage with every resolution level exactly where its metadata says."""

__version__ = "0.1.0"
