"""What assay does otherwise inside a notebook: a bar that moves, and tables in place of `repr`. Loads no IPython."""

from __future__ import annotations

import sys

__all__ = ["in_notebook"]


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook. Whoever runs one has IPython loaded already."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None
