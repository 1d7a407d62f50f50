"""The version of the package is that of its distribution."""

import importlib.metadata

import assay
from assay._version import __version__


def test_version_is_that_of_the_distribution():
    """What a model records, and what pip shows, is the same."""
    assert assay.__version__ == __version__ == importlib.metadata.version("assay")
