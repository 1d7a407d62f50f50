"""The map of 16,000 x 384 features: seconds and trustworthiness, beside umap-learn called directly.

    python benchmarks/map.py              emotion's train texts from ../shared/data; about an hour
    python benchmarks/map.py --threads 1  the same with one thread
    python benchmarks/map.py --smoke      random clusters, without umap-learn: does the script still
                                          run?

Both get the same vectors (minilm's features, each column scaled to [0, 1]), n_neighbors 15,
min_dist 0.1, cosine and a seed, each in a fresh process, in turns. umap-learn is measured with an
empty numba cache, as on the first call, and with the cache of an earlier process. Seconds are from
before the import to the finished map, without loading the vectors. Trustworthiness (Venna and
Kaski, 2001) at 15 neighbours is of 2,000 texts, drawn by seed, against all others, by cosine. Maps
of one seed must be the same to the bit.

Raw samples go to benchmarks/results/map.json as they come; what is there is not measured again.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from house import (
    DATA,
    RESULTS,
    ROOT,
    Case,
    Results,
    by,
    count_threads,
    describe_machine,
    log,
    n_cpus,
    run_child,
)
from peer_environment import make_peer_environment, peer_versions

CHILD = ROOT / "benchmarks" / "map_child.py"
PATH = RESULTS / "map.json"
SYSTEMS = ("assay", "umap-learn, first call", "umap-learn, warm numba cache")
SETTINGS = {"n_neighbors": 15, "min_dist": 0.1}
N_REPEATS, N_JUDGED = 5, 2000
BLOCK = 256  # rows judged at once


def trustworthiness(
    vectors: np.ndarray, points: np.ndarray, rows: np.ndarray, *, n_neighbors: int = 15
) -> float:
    """Return how far the neighbours of `rows` on the map are neighbours among the vectors, 0 to 1.

    scikit-learn's measure with cosine distances, for some rows instead of all: it would need 4 GB
    for 16,000.
    """
    n_texts = len(vectors)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    lengths = (points.astype(np.float64) ** 2).sum(axis=1)
    excess = 0
    for part in (rows[i : i + BLOCK] for i in range(0, len(rows), BLOCK)):
        own = np.arange(len(part))
        apart = 1 - unit[part] @ unit.T
        on_map = lengths - 2 * points[part].astype(np.float64) @ points.T.astype(np.float64)
        apart[own, part] = on_map[own, part] = -np.inf  # a text is no neighbour of itself
        near = np.argsort(on_map, axis=1, kind="stable")[:, 1 : n_neighbors + 1]
        ranks = np.stack(
            [(apart < apart[own, near[:, i]][:, None]).sum(axis=1) for i in range(n_neighbors)]
        )
        excess += int(np.maximum(ranks - n_neighbors, 0).sum())
    return 1 - 2 * excess / (len(rows) * n_neighbors * (2 * n_texts - 3 * n_neighbors - 1))


def make_vectors(root: Path, path: Path) -> Path:
    """Write minilm's features of emotion's train texts, from assay's cache where they are in it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "features.npz"
        command = [
            sys.executable,
            "-m",
            "assay",
            "embed",
            str(root / "emotion"),
            "--out",
            str(out),
            "--quiet",
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with np.load(out) as content:
            features = content["features"][content["split"] == "train"]
    return save_scaled(features, path)


def make_clusters(path: Path, *, n_texts: int, n_columns: int) -> Path:
    """Write random clusters."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(12, n_columns))
    return save_scaled(
        centres[rng.integers(0, 12, n_texts)] + rng.normal(scale=0.7, size=(n_texts, n_columns)),
        path,
    )


def save_scaled(features: np.ndarray, path: Path) -> Path:
    """Scale every column to [0, 1], as the map does."""
    from assay.maps.projection import scale_to_unit

    np.save(path, scale_to_unit(features))
    return path


def measure_once(system: str, vectors: Path, folder: Path, *, seed: int, n_threads: int) -> Case:
    """Lay out in a fresh process; judge the map."""
    out = folder / "points.npy"
    task = {
        "system": system.partition(",")[0],
        "vectors": str(vectors),
        "out": str(out),
        "seed": seed,
        **SETTINGS,
    }
    if system == "assay":
        found = run_child(CHILD, task, n_threads=n_threads)
    else:
        with tempfile.TemporaryDirectory() as empty:
            cache = folder / "numba" if "warm" in system else Path(empty)
            if "warm" in system and not cache.exists():
                small = make_clusters(folder / "small.npy", n_texts=500, n_columns=384)
                run_child(
                    CHILD,
                    {**task, "vectors": str(small)},
                    python=make_peer_environment(),
                    n_threads=n_threads,
                    environment={"NUMBA_CACHE_DIR": str(cache)},
                )
            found = run_child(
                CHILD,
                task,
                python=make_peer_environment(),
                n_threads=n_threads,
                environment={"NUMBA_CACHE_DIR": str(cache)},
            )
    values, points = np.load(vectors), np.load(out)
    rows = np.random.default_rng(0).choice(
        len(values), size=min(N_JUDGED, len(values)), replace=False
    )
    return {
        **found,
        "trustworthiness": round(trustworthiness(values, points, rows), 5),
        "n_texts": len(values),
        "n_columns": values.shape[1],
        "sha256": hashlib.sha256(points.tobytes()).hexdigest(),
    }


def measure(
    results: Results,
    vectors: Path,
    folder: Path,
    systems: tuple[str, ...],
    *,
    n_threads: int,
    repeats: int,
) -> None:
    """Measure what is missing, in turns.

    Seed 0 comes twice at least, to see whether the map is the same.
    """
    for repeat in range(repeats):
        for system in systems:
            case = {
                "system": system,
                "n_threads": n_threads,
                "repeat": repeat,
                "seed": max(0, repeat - 1),
            }
            if results.has("samples", case):
                continue
            found = measure_once(system, vectors, folder, seed=case["seed"], n_threads=n_threads)
            results.add("samples", case, found)
            log(f"{system}, {repeat + 1}: {found['total_s']:.1f} s, {found['trustworthiness']:.4f}")


def is_seeded(own: list[Case]) -> bool:
    """Say whether maps of one seed are the same."""
    return all(len({one["sha256"] for one in same}) == 1 for same in by(own, "seed").values())


def summarise(content: dict[str, Any]) -> str:
    """Return the table, a thread budget after the other."""
    lines = [
        "| what | threads | runs | seconds, import and layout | of these, import | trustworthiness at 15 "
        "| same seed, same map | peak, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (n_threads, system), own in by(content.get("samples", []), "n_threads", "system").items():
        lines.append(
            f"| {system} | {n_threads} | {len(own)} | {median(own, 'total_s'):.1f} | {median(own, 'import_s'):.1f} "
            f"| {median(own, 'trustworthiness'):.4f} | {'yes' if is_seeded(own) else 'NO'} "
            f"| {median(own, 'peak_bytes') / 1e6:,.0f} |"
        )
    return "\n".join(lines)


def median(own: list[Case], name: str) -> float:
    """Return the median of one value."""
    return float(statistics.median(one[name] for one in own))


def goals(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return rows: what was asked, the goal, what was measured."""
    rows = []
    for n_threads, own in by(content.get("samples", []), "n_threads").items():
        groups = by(own, "system")
        if not all(system in groups for system in SYSTEMS):
            continue
        ours, first, warm = (groups[system] for system in SYSTEMS)
        gained = median(ours, "trustworthiness") - median(warm, "trustworthiness")
        rows.append(
            (
                f"map of {ours[0]['n_texts']:,} x {ours[0]['n_columns']}, seeded, {count_threads(n_threads)}",
                ">= 3x umap-learn, first call included (5x); trustworthiness within 0.005; same seed, same map",
                f"{median(first, 'total_s') / median(ours, 'total_s'):.1f}x the first call, "
                f"{median(warm, 'total_s') / median(ours, 'total_s'):.1f}x with a warm cache; "
                f"trustworthiness {gained:+.4f}; "
                f"{'same map' if is_seeded(ours) else 'ANOTHER MAP'}",
            )
        )
    return rows


def main() -> None:
    """Measure what is missing, keep everything, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=DATA, help="the folder with the data sets")
    parser.add_argument("--threads", type=int, default=n_cpus())
    parser.add_argument("--repeats", type=int, default=N_REPEATS)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.smoke:
            results = Results(None, describe_machine())
            vectors = make_clusters(folder / "vectors.npy", n_texts=400, n_columns=64)
            measure(results, vectors, folder, ("assay",), n_threads=1, repeats=2)
        else:
            results = Results(PATH, describe_machine(peers=peer_versions()))
            vectors = make_vectors(given.root, folder / "vectors.npy")
            measure(
                results, vectors, folder, SYSTEMS, n_threads=given.threads, repeats=given.repeats
            )
    print(summarise(results.content))


if __name__ == "__main__":
    main()
