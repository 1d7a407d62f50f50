"""Predict with an exported model, without assay: only onnxruntime, tokenizers and numpy are needed.

    assay export MODEL --format onnx --out portable
    pip install onnxruntime tokenizers numpy
    python predict_without_assay.py portable "what a lovely day" "leave me alone"

It prints one JSON object per text: the label, and the score of every label. Where texts have several
labels, it prints all that reach their thresholds.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import tokenizers


def main(folder: str, texts: list[str]) -> None:
    """Print the label and the scores of each text."""
    root = Path(folder)
    network = next(iter(sorted((root / "onnx").glob("*.onnx"))))
    session = onnxruntime.InferenceSession(str(network), providers=["CPUExecutionProvider"])
    labels = json.loads(session.get_modelmeta().custom_metadata_map["labels"])

    # tokenizer.json cuts long texts as training did. Shorter texts of a batch are padded to the
    # longest one, and the padding is masked.
    tokenizer = tokenizers.Tokenizer.from_file(str(root / "tokenizer.json"))
    tokenizer.no_padding()
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    longest = max(1, *map(len, encoded))
    input_ids = np.zeros((len(texts), longest), dtype=np.int64)
    attention_mask = np.zeros_like(input_ids)
    for row, ids in enumerate(encoded):
        input_ids[row, : len(ids)] = ids
        attention_mask[row, : len(ids)] = 1

    feed = {
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "token_type_ids": np.zeros_like(input_ids),
    }
    wanted = {node.name for node in session.get_inputs()}
    (probs,) = session.run(
        ["probs"], {name: value for name, value in feed.items() if name in wanted}
    )
    facts = json.loads((root / "assay.json").read_text(encoding="utf-8"))
    for text, scores in zip(texts, probs, strict=True):
        by_label = {}
        for label, score in zip(labels, scores, strict=True):
            by_label[label] = round(float(score), 6)
        found = {"text": text, **answer(scores, labels, facts), "scores": by_label}
        print(json.dumps(found, ensure_ascii=False))


def answer(scores: np.ndarray, labels: list[str], facts: dict[str, Any]) -> dict[str, Any]:
    """Return what a text is given, by what assay.json says: a label, or a list of labels."""
    if facts.get("task") == "multi":
        given = scores >= np.array(facts["thresholds"])
        if facts.get("min_labels"):  # each text has a label
            given[scores.argmax()] = True
        surest_first = np.argsort(-scores, kind="stable")
        return {"labels": [labels[i] for i in surest_first if given[i]]}
    return {"label": labels[choose(scores, facts.get("label_rule", {}))]}


def choose(scores: np.ndarray, rule: dict[str, Any]) -> int:
    """Return the highest score, or what `--cost`, `--min-recall` and `--min-precision` ask for."""
    if rule.get("costs"):
        return int((scores @ np.array(rule["costs"])).argmin())
    if rule.get("thresholds"):
        thresholds = np.array(rule["thresholds"], dtype=float)  # a label without one has NaN
        times = np.nan_to_num(scores / thresholds, nan=-1.0)
        others = np.where(np.isnan(thresholds), scores, -1.0)
        reaches = times.max() >= 1 or not np.isnan(thresholds).any()
        return int((times if reaches else others).argmax())
    return int(scores.argmax())


if __name__ == "__main__":
    if len(sys.argv) < 3:
        raise SystemExit("usage: python predict_without_assay.py FOLDER TEXT [TEXT ...]")
    main(sys.argv[1], sys.argv[2:])
