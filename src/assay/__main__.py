"""`python -m assay`: the command line, where the script `assay` is not on the path."""

from __future__ import annotations

from assay.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
