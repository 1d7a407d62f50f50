"""assay's five methods and what a user would run instead: validation accuracy, time to a saved model, memory, size.

    python benchmarks/peers.py                             all data sets and contestants: hours
    python benchmarks/peers.py --data emotion --only linear tfidf fasttext compact
    python benchmarks/peers.py --threads 1                 the same with one thread each
    python benchmarks/peers.py --smoke                     the built-in sample, without the peers'
                                                           environment
    python benchmarks/peers.py --smoke --only tfidf setfit with it: some minutes for all

Each fit is a fresh process with the same thread budget; contestants take turns. Validation is the
data set's own, or a tenth of train (seed 0); the test split is in no file that a child sees. A
peer's settings are chosen on validation from the grids below, seed 0; then they are frozen and
timed. assay runs at its defaults. model2vec's and SetFit's base models come from a hub; both start
from assay's `minilm` here, model2vec by distilling it, which is timed apart.

Raw samples go to benchmarks/results/peers.json as they come; what is there is not measured
again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from house import (
    DATA,
    RESULTS,
    ROOT,
    Case,
    Results,
    by,
    count_threads,
    describe_machine,
    load_splits,
    log,
    n_cpus,
    run_child,
    write_labelled,
)
from peer_environment import ENVIRONMENT, make_peer_environment, peer_versions

PATH = RESULTS / "peers.json"
DATA_SETS = ("emotion", "banking77", "klue_ynat")
N_REPEATS, N_SLOW_REPEATS = 5, 1
OWN, PEERS = ROOT / "benchmarks" / "peers_own.py", ROOT / "benchmarks" / "peers_child.py"


@dataclass(frozen=True)
class Contestant:
    """A method of assay, or a peer with the settings that may be chosen."""

    label: str
    own: bool = False
    peer: str = ""
    grid: tuple[dict[str, Any], ...] = ({},)
    is_slow: bool = False


CONTESTANTS = {
    **{
        name: Contestant(f"assay `{name}`", own=True, is_slow=name in ("features", "finetune"))
        for name in ("majority", "linear", "compact", "features", "finetune")
    },
    "tfidf": Contestant(
        "scikit-learn, TF-IDF of words and pairs + LinearSVC",
        peer="tfidf",
        grid=tuple({"C": c} for c in (0.5, 1, 2)),
    ),
    "fasttext": Contestant(
        "fastText, word pairs, 25 epochs",
        peer="fasttext",
        # 200,000 buckets instead of 2 million: the model is a tenth as large and as good on so few
        # texts.
        grid=tuple(
            {"lr": lr, "minn": low, "maxn": high, "bucket": 200_000}
            for lr in (0.5, 1.0)
            for low, high in ((0, 0), (2, 5))
        ),
    ),
    "spacy-bow": Contestant(
        "spaCy, bag of words", peer="spacy", grid=({"optimize": "efficiency"},)
    ),
    "spacy-ensemble": Contestant(
        "spaCy, ensemble", peer="spacy", grid=({"optimize": "accuracy"},), is_slow=True
    ),
    "model2vec": Contestant("model2vec, distilled from minilm, trained", peer="model2vec"),
    "sentences": Contestant(
        "sentence-transformers, minilm + logistic regression",
        peer="sentences",
        grid=({"C": 1.0}, {"C": 10.0}),
        is_slow=True,
    ),
    "setfit": Contestant(
        "SetFit, minilm, 16 texts per class", peer="setfit", grid=({"n_a_class": 16},), is_slow=True
    ),
}


def write_splits(name: str, root: Path, folder: Path) -> dict[str, str]:
    """Write train and validation as JSON Lines, and nothing else; return their paths."""
    splits, paths = load_splits(name, root), {}
    for part in ("train", "validation"):
        paths[part] = write_labelled(folder / f"{part}.jsonl", splits[part])
    return paths


def fit_once(
    name: str, settings: dict[str, Any], paths: dict[str, str], *, seed: int, n_threads: int
) -> Case:
    """Fit one contestant in a fresh process."""
    contestant = CONTESTANTS[name]
    with tempfile.TemporaryDirectory() as folder:
        task: dict[str, Any] = {
            **paths,
            "settings": settings,
            "seed": seed,
            "out": f"{folder}/model",
        }
        environment = {
            "ASSAY_CACHE": f"{folder}/cache"
        }  # an empty one: features kept from before would look fast
        if contestant.own:
            return run_child(
                OWN, {**task, "method": name}, n_threads=n_threads, environment=environment
            )
        if contestant.peer == "spacy":
            korean = (
                "klue" in paths["name"]
            )  # spaCy's own Korean tokenizer wants MeCab; xx splits at spaces
            task["settings"] = {"lang": "xx" if korean else "en", **settings}
        return run_child(
            PEERS,
            {**task, "peer": contestant.peer, **base_models(contestant)},
            python=make_peer_environment(),
            n_threads=n_threads,
        )


def base_models(contestant: Contestant) -> dict[str, str]:
    """Return where a peer's base model is; distil model2vec's on first use."""
    if contestant.peer not in ("model2vec", "sentences", "setfit"):
        return {}
    from assay.checkpoints.resolve import resolve_checkpoint

    checkpoint = str(resolve_checkpoint("minilm").folder)
    if contestant.peer != "model2vec":
        return {"checkpoint": checkpoint}
    static = ENVIRONMENT / "model2vec-minilm"
    if not (static / "config.json").exists():
        task = {"peer": "distil", "checkpoint": checkpoint, "out": str(static)}
        found = run_child(PEERS, task, python=make_peer_environment(), n_threads=n_cpus())
        log(f"model2vec's static embeddings distilled in {found['distil_s']:.0f} s")
    return {"static_model": str(static)}


def choose(name: str, case: Case, paths: dict[str, str], results: Results) -> dict[str, Any]:
    """Return the settings of a contestant that do best on validation; fit those that were not tried yet."""
    grid = CONTESTANTS[name].grid
    if (
        results.path is None
    ):  # the smoke mode: nothing is chosen, and what trains for long stops soon
        return {
            **grid[0],
            **({"max_steps": 10} if CONTESTANTS[name].peer in ("spacy", "setfit") else {}),
        }
    if len(grid) == 1:
        return grid[0]
    for settings in grid:
        one = {**case, "settings": settings}
        if not results.has("choices", one):
            results.add(
                "choices", one, fit_once(name, settings, paths, seed=0, n_threads=case["n_threads"])
            )
    tried = [
        one
        for one in results.entries("choices")
        if case.items() <= one.items() and one["settings"] in grid
    ]
    best: dict[str, Any] = max(tried, key=lambda one: one["n_right"])["settings"]
    return best


def measure_data(
    data: str, root: Path, names: list[str], results: Results, *, n_threads: int, repeats: int
) -> None:
    """Measure every contestant on one data set, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {**write_splits(data, root, Path(folder)), "name": data}
        for repeat in range(repeats):
            for name in names:
                case = {"data": data, "contestant": name, "n_threads": n_threads}
                timed = {**case, "repeat": repeat}
                if results.has("samples", timed) or (
                    CONTESTANTS[name].is_slow and repeat >= N_SLOW_REPEATS
                ):
                    continue
                settings = choose(name, case, paths, results)
                found = fit_once(name, settings, paths, seed=repeat, n_threads=n_threads)
                results.add("samples", timed, {"settings": settings, **found})
                log(
                    f"{data}, {name}, {repeat + 1}: {found['saved_s']:.1f} s, "
                    f"{found['n_right'] / found['n_validation']:.4f}"
                )


def summarise(content: dict[str, Any]) -> str:
    """Return the tables: one a data set and thread budget."""
    parts = []
    for (data, n_threads), own in by(content.get("samples", []), "data", "n_threads").items():
        first = own[0]
        lines = [
            f"{data}: {first['n_train']:,} texts to train on, {first['n_validation']:,} of validation; "
            f"{n_threads} thread{'s' if n_threads > 1 else ''}",
            "",
            "| what | runs | validation accuracy | process to saved model, s | texts/s | peak, MB | model, MB "
            "| chosen |",
            "|---|---|---|---|---|---|---|---|",
        ]
        groups = by(own, "contestant")
        lines += [show_contestant(name, groups[name]) for name in CONTESTANTS if name in groups]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def show_contestant(name: str, own: list[Case]) -> str:
    """Return a row: mean accuracy with its range, medians of the rest."""
    accuracy = [one["n_right"] / one["n_validation"] for one in own]
    spread = (
        f" ({min(accuracy):.4f} to {max(accuracy):.4f})" if min(accuracy) < max(accuracy) else ""
    )
    rate = statistics.median(one["n_validation"] / one["predict_s"] for one in own)
    chosen = (
        ", ".join(f"{key} {value}" for key, value in own[0]["settings"].items())
        if own[0]["settings"]
        else ""
    )
    return (
        f"| {CONTESTANTS[name].label} | {len(own)} | {statistics.mean(accuracy):.4f}{spread} "
        f"| {median(own, 'saved_s'):.1f} | {rate:,.0f} | {median(own, 'peak_bytes') / 1e6:,.0f} "
        f"| {median(own, 'model_bytes') / 1e6:,.1f} | {chosen} |"
    )


def median(own: list[Case], name: str) -> float:
    """Return the median of one value."""
    return float(statistics.median(one[name] for one in own))


def accuracy_of(own: list[Case]) -> float:
    """Return the mean accuracy on validation."""
    return statistics.mean(one["n_right"] / one["n_validation"] for one in own)


def notebook_s(n_threads: int) -> float | None:
    """Return the seconds of the notebook's two epochs of Trainer, as training.json extrapolates them, if it does."""
    path = RESULTS / "training.json"
    epochs = json.loads(path.read_text(encoding="utf-8")).get("epoch", []) if path.exists() else []
    case = {"system": "Trainer, as the notebook", "device": "cpu", "n_threads": n_threads}
    found = [one["epoch_s"] for one in epochs if case.items() <= one.items()]
    return 2 * float(statistics.median(found)) if found else None


def goals(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return rows: what was asked, the goal, what was measured."""
    rows = []
    for (data, n_threads), own in by(content.get("samples", []), "data", "n_threads").items():
        groups = by(own, "contestant")
        where = f"on {data}, {count_threads(n_threads)}"
        if {"linear", "tfidf"} <= {*groups}:
            linear, tfidf = groups["linear"], groups["tfidf"]
            ratio = median(linear, "fit_s") / median(tfidf, "fit_s")
            rows.append(
                (
                    f"`linear` {where}",
                    "validation accuracy no worse than TF-IDF + LinearSVC, <= 1.5x its time",
                    f"{accuracy_of(linear):.4f} beside {accuracy_of(tfidf):.4f}, {ratio:.2f}x its time to fit, "
                    "with probabilities",
                )
            )
        if "compact" in groups and data == "emotion":
            compact = groups["compact"]
            saved_s, notebook = median(compact, "saved_s"), notebook_s(n_threads)
            times = f", {notebook / saved_s:.0f}x the notebook's Trainer" if notebook else ""
            rows += [
                (
                    f"`compact` {where}, mean of {len(compact)} seeds",
                    "validation >= 0.932; 0.940 (0.945)",
                    f"{accuracy_of(compact):.4f}",
                ),
                (
                    f"`compact` {where}, process to saved model",
                    ">= 100x the notebook's Trainer, <= 20 s (8 s)",
                    f"{saved_s:.1f} s{times}",
                ),
                (
                    f"`compact` {where}, on disk",
                    "<= 5 MB (1.5 MB)",
                    f"{median(compact, 'model_bytes') / 1e6:.1f} MB",
                ),
            ]
        elif {"compact", "linear"} <= {*groups}:
            found = (
                f"{accuracy_of(groups['compact']):.4f} beside {accuracy_of(groups['linear']):.4f}"
            )
            rows.append((f"`compact` {where}", "no worse than `linear`", found))
    return rows


def main() -> None:
    """Measure what is missing, keep everything, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=DATA, help="the folder with the data sets")
    parser.add_argument("--data", nargs="+", choices=DATA_SETS, default=DATA_SETS)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=CONTESTANTS,
        metavar="CONTESTANT",
        help=f"of {', '.join(CONTESTANTS)}",
    )
    parser.add_argument("--threads", type=int, default=n_cpus())
    parser.add_argument("--repeats", type=int, default=N_REPEATS)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    names = given.only or (["majority", "linear"] if given.smoke else list(CONTESTANTS))
    if given.smoke:
        results = Results(None, describe_machine())
        measure_data("sample", given.root, names, results, n_threads=1, repeats=1)
    else:
        needs_peers = any(CONTESTANTS[name].peer for name in names)
        peers = {"peers": peer_versions()} if needs_peers else {}
        results = Results(PATH, describe_machine(**peers))
        for data in given.data:
            measure_data(
                data, given.root, names, results, n_threads=given.threads, repeats=given.repeats
            )
    print(summarise(results.content))


if __name__ == "__main__":
    main()
