"""Prediction over HTTP: an API that stock clients speak, and a page for people.

The server listens on loopback unless told otherwise. It needs the extra `serve`; importing this
package does not.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.server.app import create_app
    from assay.server.limits import Limits
    from assay.server.listen import serve_models

__all__ = ["Limits", "create_app", "serve_models"]

HOMES = {"Limits": "limits", "create_app": "app", "serve_models": "listen"}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'assay.server' has no attribute '{name}'")
    return getattr(importlib.import_module(f"assay.server.{HOMES[name]}"), name)
