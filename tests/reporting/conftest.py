"""Realistic made-up reports: six English emotions, and 77 Korean labels of which some are long."""

import numpy as np
import pytest

from assay.data.labels import LabelSet
from assay.data.overlaps import find_leaks
from assay.data.summary import summarise
from assay.data.texts import DroppedRow, LabelledTexts, Splits
from assay.evaluation import (
    compare_methods,
    costly_confusions,
    recommend,
    score_predictions,
    worst_mistakes,
)
from assay.reporting.collect import ReportParts, collect_report

EMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise")
EMOTION_SHARES = (0.29, 0.335, 0.08, 0.135, 0.12, 0.04)
EMOTION_TEXTS = (
    "i didnt feel humiliated",
    "i can go from feeling so hopeless to so damned hopeful just from being around someone who cares",
    "im grabbing a minute to post i feel greedy wrong",
    "i am ever feeling nostalgic about the fireplace i will know that it is still on the property",
    "i have been feeling a little burdened lately and i wasnt sure why that was",
    "i feel as confused about life as a teenager or as jaded as a year old man",
)
TOPICS = (
    "배송",
    "환불",
    "결제",
    "카드",
    "계좌",
    "비밀번호",
    "수수료",
    "환율",
    "한도",
    "본인 인증",
    "앱 오류",
)
ACTIONS = ("문의", "지연", "취소", "변경", "실패", "확인", "재발급")
SKILL = {"majority": None, "linear": 2.6, "compact": 3.3, "features": 1.2, "finetune": 3.45}


def korean_labels():
    """Name 77 labels, most of them short, two much too long for any axis."""
    names = [f"{topic} {action}" for topic in TOPICS for action in ACTIONS]
    names[5] = (
        "해외 결제 수수료가 예상보다 많이 청구되었을 때의 환불 절차와 처리 기간 문의 및 이의 제기"
    )
    names[40] = "card_payment_not_recognised_because_the_merchant_name_differs_from_the_statement"
    return tuple(names)


def predict(rng, true, n_classes, *, skill, hardness):
    """Make up probabilities of a model: right more often with more skill, neighbouring classes mixed up."""
    logits = rng.normal(0, 1.0, size=(len(true), n_classes))
    logits[np.arange(len(true)), true] += skill + hardness
    logits[np.arange(len(true)), (true + 1) % n_classes] += 0.8
    logits = 1.5 * logits
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    return probs / probs.sum(axis=1, keepdims=True)


def build_splits(rng, label_set, shares, texts, n_texts):
    """Make up three splits of texts of the given words, with a few repeats, leaks and conflicting labels."""
    words = " ".join(texts).split(" ")
    parts = {}
    for split, n in {"train": 2 * n_texts, "validation": n_texts, "test": n_texts}.items():
        ids = rng.choice(len(label_set), size=n, p=shares)
        lengths = 2 + rng.gamma(3.0, 3.0 + ids % 5).astype(int)
        rows = [" ".join(rng.choice(words, size=length)) for length in lengths]
        rows[: len(texts)] = texts
        parts[split] = LabelledTexts(
            tuple(rows), tuple(label_set[i] for i in ids), tuple(range(1, n + 1))
        )
    return Splits(
        parts,
        label_set,
        source="data/made-up",
        dropped=(DroppedRow("validation", 1021, "blank text"),),
    )


def build_scores(rng, label_set, ids):
    """Make up probabilities of every method on both splits; the same texts are hard for all of them."""
    hardness = {split: rng.normal(0, 1.2, size=len(true)) for split, true in ids.items()}
    bonus = np.log(len(label_set)) * 0.45
    probs = {}
    for method, skill in SKILL.items():
        probs[method] = {}
        for split, true in ids.items():
            if skill is None:
                most = np.bincount(ids["validation"]).argmax()
                probs[method][split] = np.tile(
                    np.eye(len(label_set))[most] * 0.7 + 0.3 / len(label_set), (len(true), 1)
                )
            else:
                probs[method][split] = predict(
                    rng, true, len(label_set), skill=skill + bonus, hardness=hardness[split]
                )
    return probs


def build_map(rng, label_set, n_points):
    """Scatter blobs, one a class, over a common cloud."""
    label_ids = rng.integers(0, len(label_set), n_points)
    centres = rng.normal(0, 3, size=(len(label_set), 2))
    spread = np.where(rng.random((n_points, 1)) < 0.3, 3.0, 0.9)
    points = centres[label_ids] + rng.normal(0, 1, size=(n_points, 2)) * spread
    return {
        "points": points,
        "label_ids": label_ids,
        "checkpoint": "minilm",
        "pooling": "mean",
        "split": "train",
    }


def build_summary(splits):
    """Take from the real summary what the report shows."""
    parts = summarise(splits)["splits"]
    train = parts["train"]
    return {
        "class_counts": {
            s: {row["label"]: row["n_texts"] for row in p["classes"]} for s, p in parts.items()
        },
        "words_per_text": {box["label"]: box for box in train["word_boxes"]},
        "quantiles": {"characters": train["chars"]["all"], "words": train["words"]["all"]},
        "first_rows": [
            {
                "split": "train",
                "line": r["line"],
                "text": r["text"],
                "label_id": r["label"],
                "label": r["label_name"],
            }
            for r in train["first_rows"]
        ],
    }


def build_duplicates(splits):
    """Take from the real overlaps what the report shows."""
    overlaps = find_leaks(splits)
    return {
        "repeats": {split: len(lines) for split, lines in overlaps.repeats.items()},
        "leaks": [
            {"split": leak.split, "of": leak.seen_in, "n_texts": leak.n_rows}
            for leak in overlaps.leaks
        ],
        "conflicts": len(overlaps.conflicts),
        "examples": [
            {
                "text": splits[conflict.rows[0].split].texts[conflict.rows[0].line - 1],
                "places": [row.to_dict() for row in conflict.rows],
            }
            for conflict in overlaps.conflicts[:3]
        ],
    }


def build_parts(
    labels=EMOTIONS, shares=EMOTION_SHARES, texts=EMOTION_TEXTS, *, n_texts=2000, title="emotion"
):
    """Make up everything that a run would hand over."""
    rng = np.random.default_rng(7)
    label_set = LabelSet(labels)
    shares = np.asarray(shares) / np.sum(shares)
    splits = build_splits(rng, label_set, shares, texts, n_texts)
    ids = {split: label_set.ids(splits[split].labels) for split in ("validation", "test")}
    held = splits["validation"]
    probs = build_scores(rng, label_set, ids)
    scores = {
        method: {
            s: score_predictions(ids[s], p, label_set, seed=0, n_resamples=200)
            for s, p in by_split.items()
        }
        for method, by_split in probs.items()
    }
    comparisons = compare_methods(
        {m: p["validation"].argmax(axis=1) == ids["validation"] for m, p in probs.items()}
    )
    fit_s = {"majority": 0.01, "linear": 3.2, "compact": 24.0, "features": 41.0, "finetune": 291.0}
    model_bytes = dict(
        zip(SKILL, (2_100, 9_400_000, 6_100_000, 91_200_000, 91_300_000), strict=True)
    )
    method, why = recommend(comparisons, model_bytes=model_bytes)
    return ReportParts(
        results={
            "schema_version": 1,
            "assay_version": "0.1.0",
            "seed": 0,
            "recommended": method,
            "why": why,
            "data": {
                "source": f"data/{title}",
                "labels": list(labels),
                "splits": {
                    s: {"n_texts": len(part), "sha256": part.sha256()} for s, part in splits.items()
                },
                "dropped": [row.to_dict() for row in splits.dropped],
            },
            "methods": [
                {"method": m, "model": f"models/{m}", "model_bytes": model_bytes[m]}
                | {s: split_scores.to_dict() for s, split_scores in by_split.items()}
                for m, by_split in scores.items()
            ],
            "timings": {
                **{
                    m: {"fit_s": s, "predict_texts_per_s": 60_000 / (1 + s)}
                    for m, s in fit_s.items()
                },
                "map_s": 9.1,
                "total_s": 402.3,
            },
            "machine": {"cpu": "2 cores", "memory_bytes": 8_000_000_000},
        },
        why=recommend(comparisons, fit_s=fit_s, model_bytes=model_bytes)[1],
        summary=build_summary(splits),
        duplicates=build_duplicates(splits),
        tokens={
            "text": "Tokenizing text is a core task of NLP.",
            "characters": {
                "n_tokens": 38,
                "n_distinct": 20,
                "tokens": list("Tokenizing text is a core task of NLP."),
            },
            "words": {
                "n_tokens": 8,
                "tokens": ["Tokenizing", "text", "is", "a", "core", "task", "of", "NLP."],
            },
            "subwords": {
                "checkpoint": "minilm",
                "vocabulary_size": 30522,
                "max_tokens": 512,
                "n_tokens": 13,
                "tokens": [
                    "[CLS]",
                    "token",
                    "##izing",
                    "text",
                    "is",
                    "a",
                    "core",
                    "task",
                    "of",
                    "nl",
                    "##p",
                    ".",
                    "[SEP]",
                ],
                "ids": [
                    101,
                    19204,
                    6026,
                    3793,
                    2003,
                    1037,
                    4563,
                    4708,
                    1997,
                    17953,
                    2361,
                    1012,
                    102,
                ],
            },
        },
        truncation={
            "max_tokens": 128,
            "fraction": 0.0004,
            "per_class": {label: 0.0004 * (i % 3) for i, label in enumerate(labels)},
        },
        training={
            "compact": [
                {
                    "epoch": i + 1,
                    "train_loss": loss,
                    "validation_accuracy": acc,
                    "validation_f1_weighted": acc - 0.002,
                }
                | ({"kept": True} if i == 2 else {})
                for i, (loss, acc) in enumerate(
                    [(0.84, 0.908), (0.19, 0.931), (0.11, 0.936), (0.07, 0.934)]
                )
            ],
            "finetune": [
                {
                    "epoch": 1,
                    "train_loss": 0.71,
                    "validation_accuracy": 0.921,
                    "validation_f1_weighted": 0.9205,
                },
                {
                    "epoch": 2,
                    "train_loss": 0.21,
                    "validation_accuracy": 0.938,
                    "validation_f1_weighted": 0.9376,
                    "kept": True,
                },
            ],
        },
        mistakes={
            m: worst_mistakes(
                held.texts, held.lines, ids["validation"], p["validation"], label_set, n=12
            )
            for m, p in probs.items()
            if m != "majority"
        },
        confusions={
            m: costly_confusions(s["test"].confusion, label_set) for m, s in scores.items()
        },
        calibration={
            m: {
                "temperature": 1.37,
                "ece_before": 0.061,
                "ece_after": s["validation"].ece,
                "bins": [part.to_dict() for part in s["validation"].reliability],
                "bins_before": [
                    {**part.to_dict(), "accuracy": part.accuracy * 0.9}
                    for part in s["validation"].reliability
                ],
            }
            for m, s in scores.items()
            if m != "majority"
        },
        comparisons=comparisons,
        map=build_map(rng, label_set, 4000),
        how={
            "command": f"assay run data/{title} --out runs/{title}",
            "options": {
                "seed": 0,
                "checkpoint": "minilm",
                "methods": list(SKILL),
                "max_rows": None,
            },
            "versions": {
                "assay": "0.1.0",
                "python": "3.11.7",
                "numpy": "2.4.6",
                "torch": "2.13.0",
                "onnxruntime": "1.32.0",
            },
            "seed": 0,
        },
    )


def build_korean_parts():
    """Make up a run with 77 labels and Korean texts."""
    texts = (
        "해외에서 카드로 결제했는데 수수료가 두 번 빠져나갔어요 ㅠㅠ",
        "비밀번호를 잊어버렸습니다. 어떻게 바꾸나요?",
        "배송이 너무 늦어요",
    )
    return build_parts(
        korean_labels(), np.linspace(2, 1, 77), texts, n_texts=3080, title="고객 문의"
    )


def build_hostile_parts():
    """Make up a run whose labels and texts try to break every form of the report."""
    labels = (
        "<script>alert(1)</script>",
        "a|b](javascript:alert(1))",
        "`code` $x$ *b* _i_ {{ 7 * 7 }}",
        "\u202eevil\u0007\x1b[31m",
        "x" * 300,
        "\"quoted\", 'comma'\nnewline: # - 1. ---",
    )
    texts = tuple(
        f"{label} & ![i](http://evil.example/x.png) <img src=x onerror=alert(1)>\ud800"
        for label in labels
    )
    return build_parts(labels, EMOTION_SHARES, texts, n_texts=120, title="<b>|hostile|</b>")


@pytest.fixture(scope="session")
def parts():
    """Hand out the parts of six English emotions."""
    return build_parts()


@pytest.fixture(scope="session")
def report(parts):
    """Collect the report of six English emotions."""
    return collect_report(parts)


@pytest.fixture(scope="session")
def korean_report():
    """Collect the report of 77 Korean labels."""
    return collect_report(build_korean_parts())


@pytest.fixture(scope="session")
def hostile_report():
    """Collect the report of labels and texts that try to break it."""
    return collect_report(build_hostile_parts())
