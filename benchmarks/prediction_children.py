"""What the child processes of benchmarks/prediction.py do: one measurement each, printed as JSON.

python benchmarks/prediction_children.py NAME [ARGUMENT ...]
"""

from __future__ import annotations

import csv
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from house import peak_bytes

BATCH = 32  # of the pipeline


def read_texts(path: str) -> list[str]:
    """Read the column `text` of a CSV."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return [row["text"] for row in csv.DictReader(stream)]


def child_files(model: str, source: str, out: str) -> dict[str, Any]:
    """Score a file into a file with assay."""
    import assay

    loaded = assay.load_model(model)
    loaded.predict(["warm up"])
    started_s = time.perf_counter()
    summary = assay.predict_file(loaded, source, out, overwrite=True)
    return {"n_texts": summary.n_texts, "s": time.perf_counter() - started_s}


def load_pipeline(model: str) -> Any:
    """Load the peer."""
    import transformers

    transformers.utils.logging.set_verbosity_error()
    return transformers.pipeline("text-classification", model=model, device="cpu", top_k=None)


def child_pipeline(model: str, source: str, out: str) -> dict[str, Any]:
    """Score a file into a file with transformers.pipeline."""
    pipeline = load_pipeline(model)
    pipeline("warm up")
    started_s = time.perf_counter()
    texts = read_texts(source)
    with Path(out).open("w", encoding="utf-8") as stream:
        for text, scores in zip(
            texts, pipeline(texts, batch_size=BATCH, truncation=True), strict=True
        ):
            stream.write(json.dumps({"text": text, "scores": scores}, ensure_ascii=False) + "\n")
    return {"n_texts": len(texts), "s": time.perf_counter() - started_s}


def child_linear(model: str, source: str, out: str) -> dict[str, Any]:
    """Score texts in memory with assay's `linear`."""
    import assay

    loaded, texts = assay.load_model(model), read_texts(source)
    loaded.predict(["warm up"])
    started_s = time.perf_counter()
    loaded.predict_proba(texts)
    return {"n_texts": len(texts), "s": time.perf_counter() - started_s}


def child_sklearn(train: str, source: str, out: str) -> dict[str, Any]:
    """Score texts in memory with scikit-learn's vectorisers and linear machine, set up as assay sets them up."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    import assay

    part, texts = assay.load_data(train)["train"], read_texts(source)
    words = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), sublinear_tf=True)  # noqa: S106
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True
    )
    fitted = make_pipeline(make_union(words, characters), LinearSVC(random_state=0)).fit(
        part.texts, part.labels
    )
    fitted.decision_function(["warm up"])
    started_s = time.perf_counter()
    fitted.decision_function(texts)
    return {"n_texts": len(texts), "s": time.perf_counter() - started_s}


def one_by_one(predict: Callable[[list[str]], Any], texts: list[str]) -> dict[str, Any]:
    """Time each text by itself."""
    for text in texts[:20]:
        predict([text])
    times_ms = []
    for text in texts:
        started_s = time.perf_counter()
        predict([text])
        times_ms.append(1000 * (time.perf_counter() - started_s))
    cuts = statistics.quantiles(times_ms, n=100)
    return {"n_texts": len(texts), "p50_ms": cuts[49], "p99_ms": cuts[98]}


def child_latency(model: str, source: str, out: str) -> dict[str, Any]:
    """Time single texts in process with assay."""
    import assay

    return one_by_one(assay.load_model(model).predict_proba, read_texts(source))


def child_pipeline_latency(model: str, source: str, out: str) -> dict[str, Any]:
    """Time single texts in process with transformers.pipeline."""
    return one_by_one(load_pipeline(model), read_texts(source)[:300])


def child_matrix(*_: str) -> dict[str, Any]:
    """Measure how fast this machine multiplies matrices of float32."""
    import numpy as np

    left = np.random.default_rng(0).random((1536, 1536), dtype=np.float32)
    best_s = 1e9
    for _ in range(8):
        started_s = time.perf_counter()
        left @ left
        best_s = min(best_s, time.perf_counter() - started_s)
    return {"gflop_per_s": 2 * 1536**3 / best_s / 1e9}


CHILDREN = {
    name.removeprefix("child_"): made
    for name, made in globals().items()
    if name.startswith("child_")
}


if __name__ == "__main__":
    measured = CHILDREN[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({**measured, "peak_bytes": peak_bytes()}))
