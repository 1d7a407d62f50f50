"""The environment of the peers, .venv-peers: made on first use from requirements-peers.txt, finished if interrupted.

    python benchmarks/peer_environment.py  make it, and say which versions it holds

Some minutes and about 2 GB. constraints.txt pins torch, which would bring CUDA otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from house import ROOT, log

__all__ = ["NAMES", "make_peer_environment", "peer_versions"]

ENVIRONMENT = ROOT / ".venv-peers"
NEEDS = ROOT / "benchmarks" / "requirements-peers.txt"
CONSTRAINTS = ROOT / "constraints.txt"
NAMES = (
    "scikit-learn",
    "fasttext-wheel",
    "spacy",
    "model2vec",
    "sentence-transformers",
    "umap-learn",
    "numba",
    "setfit",
    "torch",
    "transformers",
    "numpy",
)


def make_peer_environment() -> Path:
    """Return the Python of the peers' environment; make or finish it first where its requirements are not met."""
    python, done = ENVIRONMENT / "bin" / "python", ENVIRONMENT / ".ok"
    wanted = hashlib.sha256(NEEDS.read_bytes() + CONSTRAINTS.read_bytes()).hexdigest()
    if done.exists() and done.read_text() == wanted:
        return python
    log(f"Making the peers' environment in {ENVIRONMENT.name} (some minutes, about 2 GB).")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    environment = {
        **os.environ,  # noqa: TID251
        "PIP_CONSTRAINT": str(CONSTRAINTS),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    # torch alone and first: the second call can then not replace it by another build.
    for what in (["torch"], ["-r", str(NEEDS)]):
        subprocess.run(
            [str(python), "-m", "pip", "install", "-q", *what], check=True, env=environment
        )
    done.write_text(wanted)
    return python


def peer_versions() -> dict[str, str]:
    """Return the versions of the libraries in the peers' environment."""
    code = "import json, sys; from house import versions_of; print(json.dumps(versions_of(sys.argv[1:])))"
    found = subprocess.run(
        [str(make_peer_environment()), "-c", code, *NAMES],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "benchmarks",
    )
    versions: dict[str, str] = json.loads(found.stdout)
    return versions


if __name__ == "__main__":
    for name, number in peer_versions().items():
        print(f"{name} {number}")
