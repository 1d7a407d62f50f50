"""What the child processes of benchmarks/map.py do: lay the same vectors out with assay or with umap-learn.

Runs in the environment of each: umap-learn in .venv-peers, without assay.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from house import peak_bytes


def lay_out(task: dict[str, Any]) -> dict[str, Any]:
    """Load vectors, import, lay out, save; return the seconds of each."""
    import numpy as np

    vectors = np.load(task["vectors"])
    started_s = time.perf_counter()
    if task["system"] == "assay":
        from assay.maps.projection import project

        imported_s = time.perf_counter() - started_s
        points = project(
            vectors, seed=task["seed"], n_neighbors=task["n_neighbors"], min_dist=task["min_dist"]
        )
    else:
        import umap

        imported_s = time.perf_counter() - started_s
        reducer = umap.UMAP(
            n_neighbors=task["n_neighbors"],
            min_dist=task["min_dist"],
            metric="cosine",
            random_state=task["seed"],
            n_jobs=1,
        )
        points = reducer.fit_transform(vectors)
    total_s = time.perf_counter() - started_s
    np.save(Path(task["out"]), np.asarray(points, dtype=np.float32))
    return {
        "import_s": round(imported_s, 3),
        "total_s": round(total_s, 3),
        "peak_bytes": peak_bytes(),
    }


if __name__ == "__main__":
    print("\n" + json.dumps(lay_out(json.loads(sys.stdin.read()))))
