"""The version of assay: the build reads it here, and every saved model records it."""

__version__ = "0.1.0"
