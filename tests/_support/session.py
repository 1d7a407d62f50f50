"""The folder that the workers of one session of pytest share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder, whichever worker asks."""
    base = tmp_path_factory.getbasetemp()
    is_worker = "PYTEST_XDIST_WORKER" in os.environ  # whose folders are inside one of the session
    return base.parent if is_worker else base
