"""assay: from labelled texts to a classifier that its owner can trust and ship."""

from __future__ import annotations

__version__ = "0.1.0"
