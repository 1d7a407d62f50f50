"""Are explanations faithful? Without the words that explain it most, a score falls more than without random ones.

    python benchmarks/explain.py                  linear and compact, trained on emotion from
                                                  ../shared/data
    python benchmarks/explain.py --model DIR ...  models that are there already
    python benchmarks/explain.py --smoke          the built-in sample, a minute: does the script
                                                  still run?

200 texts of the test split, drawn by seed, of at least seven words. Three random words are drawn
once per text for the share that counts (wins), and 20 times for its stability. The score is that of
the label predicted for the whole text. Raw results go to benchmarks/results/explain-NAME.json.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from methods import describe_machine

import assay
from assay.runtime.explain import explain_text

ROOT = Path(__file__).resolve().parent.parent
N_TEXTS, N_WORDS, N_DRAWS, MIN_WORDS = 200, 3, 20, 7


def without_words(text: str, spans: list[tuple[int, int]]) -> str:
    """Take words out of a text."""
    for start, stop in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[stop:]}"
    return " ".join(text.split())


def measure(model: assay.Model, texts: list[str], *, seed: int) -> dict[str, Any]:
    """Return how often, and by how much, the words of the explanation matter more than random ones."""
    rng = np.random.default_rng(seed)
    wins, drops_top, drops_random, errors = [], [], [], []
    for text in texts:
        found = explain_text(model, text)
        words = found.words()
        column = int(found.probs.argmax())
        top = [(word.start, word.end) for word in found.top_words(N_WORDS)]
        draws = [rng.choice(len(words), size=N_WORDS, replace=False) for _ in range(N_DRAWS)]
        random = [[(words[i].start, words[i].end) for i in draw] for draw in draws]
        probs = model.predict_proba([without_words(text, spans) for spans in (top, *random)])[
            :, column
        ]
        drops = found.probs[column] - probs
        wins.append(drops[0] > drops[1:])
        drops_top.append(float(drops[0]))
        drops_random.append(float(drops[1:].mean()))
        errors.append(float(np.abs(found.errors[column])))
    won = np.array(wins)
    return {
        "method": model.method,
        "n_texts": len(texts),
        "wins": float(won[:, 0].mean()),
        "wins_over_draws": [
            float(won.mean(axis=0).min()),
            float(won.mean()),
            float(won.mean(axis=0).max()),
        ],
        "median_drop_top": float(np.median(drops_top)),
        "median_drop_random": float(np.median(drops_random)),
        "median_unexplained": float(np.median(errors)),
    }


def summarise(rows: list[dict[str, Any]]) -> str:
    """Return the table."""
    lines = [
        "| method | texts | top words lower the score more | over 20 draws | score lost, top | random "
        "| unexplained, logits |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        low, mean, high = row["wins_over_draws"]
        lines.append(
            f"| `{row['method']}` | {row['n_texts']} | {row['wins']:.1%} | {mean:.1%} ({low:.1%} to {high:.1%}) "
            f"| {row['median_drop_top']:.3f} | {row['median_drop_random']:.3f} | {row['median_unexplained']:.2f} |"
        )
    return "\n".join(lines)


def summarise_content(content: dict[str, Any]) -> str:
    """Return the table of a results file."""
    return f"{content['name']}\n\n{summarise(content['rows'])}"


def main() -> None:
    """Train what is not given, measure, keep, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "emotion"))
    parser.add_argument("--name", default="emotion")
    parser.add_argument("--model", type=Path, action="append", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    data = "sample" if given.smoke else given.data
    if not given.smoke and not Path(data).exists():
        raise SystemExit(f"there is no data at {data}; give --data")
    texts = [text for text in assay.load_data(data)["test"].texts if len(text.split()) >= MIN_WORDS]
    rng = np.random.default_rng(given.seed)
    n_texts = min(30 if given.smoke else N_TEXTS, len(texts))
    chosen = [texts[i] for i in rng.choice(len(texts), size=n_texts, replace=False)]
    with TemporaryDirectory() as folder:
        folders = list(given.model)
        for method in () if folders else ("linear",) if given.smoke else ("linear", "compact"):
            folders.append(Path(folder) / method)
            assay.train_model(data, folders[-1], method=method, seed=given.seed)
        rows = [measure(assay.load_model(one), chosen, seed=given.seed) for one in folders]
    print(summarise(rows))
    if not given.smoke:
        path = ROOT / "benchmarks" / "results" / f"explain-{given.name}.json"
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        content = {
            "name": given.name,
            "seed": given.seed,
            "when": when,
            "machine": describe_machine(),
            "rows": rows,
        }
        path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
