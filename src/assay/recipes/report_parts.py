"""What a run measured, in the shape that the report asks for.

All computing for the report happens here or before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assay.audit.checks import Audit
from assay.audit.issues import KINDS
from assay.data.overlaps import TextOverlaps, find_leaks
from assay.data.summary import summarise
from assay.data.texts import LabelledTexts, Splits
from assay.evaluation.calibration import measure_calibration
from assay.evaluation.compare import Comparison
from assay.evaluation.mistakes import Mistake, costly_confusions, worst_mistakes
from assay.evaluation.recommendation import recommend
from assay.evaluation.scoring import ScoredSplit, score_parts
from assay.maps.neighbours import nearest_texts
from assay.methods import METHODS, methods_where
from assay.progress import Progress
from assay.recipes.train import FittedModel
from assay.reporting.collect import ReportParts
from assay.runtime.layout import Layout
from assay.runtime.linear import softmax
from assay.runtime.predictor import Model
from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["gather_parts"]

N_MISTAKES = 20
N_NEAREST = 1
N_FIRST_ROWS = 5
N_CONFLICTS = 10
N_SUSPECTS = 10
BOX_KEYS = ("n_texts", "whisker_low", "q1", "median", "q3", "whisker_high", "outliers")
SMALLEST_SCORE = 1e-45  # of float32, in which networks score: what is smaller is written as zero
EXAMPLE_CHARS = 120  # of the sentence that shows the tokens


def gather_parts(
    splits: Splits,
    results: Mapping[str, Any],
    *,
    models: Mapping[str, Model],
    fitted: Mapping[str, FittedModel],
    scored: Mapping[str, Mapping[str, ScoredSplit]],
    comparisons: Sequence[Comparison],
    audit: Audit,
    map_points: Mapping[str, Any] | None,
    command: str,
    options: Mapping[str, Any],
    progress: Progress,
) -> ReportParts:
    """Gather all parts of the report; see `ReportParts` for their shapes."""
    timings = results["timings"]
    _, why = recommend(
        comparisons,
        fit_s={method: timings[method]["fit_s"] for method in scored},
        model_bytes={method: model.n_bytes for method, model in models.items()},
    )
    tokenizer = _subword_tokenizer(models)
    some_model = next(iter(models.values()))
    mistakes = {
        method: _mistakes(one["validation"], models[method]) for method, one in scored.items()
    }
    chosen = scored[results["recommended"]]["test"]
    return ReportParts(
        results=results,
        summary=_summary(splits),
        duplicates=_duplicates(splits, find_leaks(splits)),
        tokens=None if tokenizer is None else _tokens(splits["train"], *tokenizer),
        truncation=None if tokenizer is None else _truncation(splits, tokenizer[0]),
        training={method: _curves(one.history) for method, one in fitted.items() if one.history},
        mistakes=mistakes,
        nearest=_nearest(mistakes, splits["train"]),
        slices=score_parts(
            models[results["recommended"]], chosen, languages=_languages(chosen.part, audit)
        ),
        audit=_audit(audit),
        mistakes_split="validation",
        confusions={
            method: costly_confusions(one["test"].scores.confusion, some_model.label_set)
            for method, one in scored.items()
        },
        calibration={
            method: _calibration(one["validation"], models[method].manifest.temperature)
            for method, one in scored.items()
            if METHODS[method].reads_texts
        },
        coverage={
            row["method"]: row["coverage"]
            for row in results["methods"]
            if METHODS[row["method"]].reads_texts and "coverage" in row
        },
        comparisons=comparisons,
        map=map_points,
        how={
            "command": command,
            "options": _flat(options),
            "versions": dict(some_model.manifest.versions),
            "seed": results["seed"],
            "notes": _notes(results),
        },
        why=why,
    )


def _languages(part: LabelledTexts, audit: Audit) -> list[str] | None:
    """Return the language of each test text: the main one, but where another is sure."""
    main = audit.languages["test"].main
    if main is None:
        return None
    wrong = {one.row: one.language for one in audit.languages["test"].wrong}
    return [wrong.get(row, main) for row in range(len(part))]


def _audit(audit: Audit) -> dict[str, Any]:
    """Return what was found, and the most suspect labels of train."""
    suspects = [
        issue for issue in audit.issues if issue.kind == "wrong_label" and issue.split == "train"
    ]
    return {
        **audit.summary(),
        "kinds": dict(KINDS),
        "label_check": audit.label_check.describe(),
        "notable": audit.shift_sentences(),
        "suspects": [
            {
                "row": one.row,
                "text": one.text,
                "label": one.label,
                "proposed_label": one.proposed_label,
                "score": one.score,
            }
            for one in suspects[:N_SUSPECTS]
        ],
    }


def _summary(splits: Splits) -> dict[str, Any]:
    described = summarise(splits, n_first=N_FIRST_ROWS)["splits"]
    train = described["train"]
    return {
        "class_counts": {
            split: {row["label"]: row["n_texts"] for row in one["classes"]}
            for split, one in described.items()
        },
        "words_per_text": {
            box["label"]: {
                **{name: box[name] for name in BOX_KEYS},
                "min": quantiles["min"],
                "max": quantiles["max"],
            }
            for box, quantiles in zip(train["word_boxes"], train["words"]["classes"], strict=True)
            if box["n_texts"]
        },
        "quantiles": {"characters": train["chars"]["all"], "words": train["words"]["all"]},
        "first_rows": [
            {
                "split": "train",
                "line": row["line"],
                "text": row["text"],
                "label_id": row["label"],
                "label": row["label_name"],
            }
            for row in train["first_rows"]
        ],
    }


def _duplicates(splits: Splits, overlaps: TextOverlaps) -> dict[str, Any]:
    text_of = {
        (name, line): text
        for name, part in splits.items()
        for line, text in zip(part.lines, part.texts, strict=True)
    }
    return {
        "repeats": {split: len(lines) for split, lines in overlaps.repeats.items()},
        "leaks": [
            {"split": leak.split, "of": leak.seen_in, "n_texts": leak.n_rows}
            for leak in overlaps.leaks
        ],
        "conflicts": len(overlaps.conflicts),
        "examples": [
            {
                "text": text_of[conflict.rows[0].split, conflict.rows[0].line],
                "places": [row.to_dict() for row in conflict.rows],
            }
            for conflict in overlaps.conflicts[:N_CONFLICTS]
        ],
    }


def _subword_tokenizer(models: Mapping[str, Model]) -> tuple[SubwordTokenizer, str] | None:
    """Return the tokenizer of the model that reads subwords, a checkpoint's before a learnt one, and its name."""
    for method in reversed(methods_where(lambda method: method.has_tokenizer)):
        if method in models:
            model = models[method]
            path = Layout(model.folder).tokenizer
            checkpoint = model.manifest.checkpoint
            name = method if checkpoint is None else checkpoint["name"]
            return SubwordTokenizer.from_file(
                path, max_tokens=model.manifest.tokenization["max_tokens"]
            ), name
    return None


def _tokens(train: LabelledTexts, tokenizer: SubwordTokenizer, checkpoint: str) -> dict[str, Any]:
    text = next((t for t in train.texts if len(t) <= EXAMPLE_CHARS), train.texts[0][:EXAMPLE_CHARS])
    ids, tokens = tokenizer.encode(text)
    words = text.split()
    return {
        "text": text,
        "characters": {"n_tokens": len(text), "n_distinct": len(set(text)), "tokens": list(text)},
        "words": {"n_tokens": len(words), "tokens": words},
        "subwords": {
            "checkpoint": checkpoint,
            "vocabulary_size": tokenizer.vocabulary_size,
            "max_tokens": tokenizer.max_tokens,
            "n_tokens": len(ids),
            "tokens": tokens,
            "ids": ids,
        },
    }


def _truncation(splits: Splits, tokenizer: SubwordTokenizer) -> dict[str, Any]:
    """Count the train texts that are longer than the model reads."""
    train = splits["train"]
    is_cut = np.asarray(tokenizer.count_tokens(train.texts)) > tokenizer.max_tokens
    label_ids = splits.label_set.ids(train.labels)
    per_class = {
        name: float(is_cut[label_ids == i].mean())
        for i, name in enumerate(splits.label_set)
        if np.any(label_ids == i)
    }
    return {
        "max_tokens": tokenizer.max_tokens,
        "fraction": float(is_cut.mean()),
        "per_class": per_class,
    }


def _curves(history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Mark the epoch that was kept: the best by validation accuracy, then by loss, as training chose it."""
    names = (
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_accuracy",
        "validation_f1_weighted",
    )
    kept = max(history, key=lambda entry: (entry["validation_accuracy"], -entry["validation_loss"]))
    return [{**{name: entry[name] for name in names}, "kept": entry is kept} for entry in history]


def _mistakes(one: ScoredSplit, model: Model) -> list[Any]:
    part = one.part
    return worst_mistakes(
        part.texts, part.lines, one.label_ids, one.probs, model.label_set, n=N_MISTAKES
    )


def _nearest(
    mistakes: Mapping[str, Sequence[Mistake]], train: LabelledTexts
) -> dict[str, list[list[dict[str, Any]]]]:
    """Find the train text that is most like each mistake: a look at both often tells a wrong label from a hard text."""
    rows, similarity = nearest_texts(
        [one.text for own in mistakes.values() for one in own], train.texts, n=N_NEAREST
    )
    found = (
        [
            {"text": train.texts[row], "label": train.labels[row], "similarity": float(score)}
            for row, score in zip(own_rows, own_scores, strict=True)
        ]
        for own_rows, own_scores in zip(rows, similarity, strict=True)
    )
    return {method: [next(found) for _ in own] for method, own in mistakes.items()}


def _calibration(one: ScoredSplit, temperature: float) -> dict[str, Any]:
    """Compare the shipped scores with what they were before the temperature, which a power of the scores gives back."""
    positive = np.where(one.probs > 0, one.probs, SMALLEST_SCORE)
    before = softmax(np.log(positive) * temperature)
    ece_before, bins_before = measure_calibration(one.label_ids, before)
    ece_after, bins = measure_calibration(one.label_ids, one.probs)
    return {
        "temperature": temperature,
        "ece_before": ece_before,
        "ece_after": ece_after,
        "bins": [row.to_dict() for row in bins],
        "bins_before": [row.to_dict() for row in bins_before],
    }


def _notes(results: Mapping[str, Any]) -> list[str]:
    """Say what was left out, and what a person changed in the labels."""
    notes = [f"{entry['method']}: {entry['reason']}" for entry in results.get("skipped", ())]
    if n := results["data"].get("corrections"):
        labels = "label of train was" if n == 1 else "labels of train were"
        notes.append(
            f"{n:,} {labels} corrected by a person; labels of validation and test are never changed"
        )
    return notes


def _flat(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were set, the nested ones of the data among them."""
    flat: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, Mapping):
            flat |= _flat(value)
        elif value not in (None, "", ()) and name != "command":
            flat[name] = ", ".join(value) if isinstance(value, tuple) else value
    return flat
