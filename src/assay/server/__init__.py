"""Prediction over HTTP: an API that stock clients speak, and a page for people.

The server listens on loopback unless told otherwise. It needs the extra `serve`; importing this
package does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import resolve_lazily

if TYPE_CHECKING:
    from assay.server.app import create_app
    from assay.server.limits import Limits
    from assay.server.listen import serve_models

__all__ = ["Limits", "create_app", "serve_models"]

# Public name -> the module that holds it.
HOMES = {"Limits": "limits", "create_app": "app", "serve_models": "listen"}

__getattr__, __dir__ = resolve_lazily(__name__, HOMES)
