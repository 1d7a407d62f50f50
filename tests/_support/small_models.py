"""Small texts in two languages, awkward texts, and a small estimator of each method that fits in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from assay.models import make_estimator, select_parameters

METHODS = ("majority", "linear", "compact", "features", "finetune")

# What real texts rarely are and users send: nothing, blanks, emoji, combining marks, right to left,
# null, Korean in both normal forms, no spaces, long, a lone surrogate (as JSON input can hold),
# special tokens spelt out.
EDGE_TEXTS = [
    "",
    " ",
    "\t\n",
    "😀👩‍👩‍👧‍👦",
    "e\u0301\u0302",
    "שלום עולם",
    "a\0b",
    "오늘 정말 행복해요",
    "\u1112\u1162\u11bc\u1107\u1169\u11a8",
    "x" * 3000,
    "good " * 500,
    "!!!",
    "a\ud800b",
    "[PAD] [CLS] <pad> </s>",
    "1234567890",
    "line\r\nline\rline\u2028line",
]

WORDS = {
    "joy": ["happy", "good", "lovely", "행복해요", "좋은", "glad"],
    "sadness": ["sad", "bad", "crying", "슬퍼요", "나쁜", "alone"],
    '화남, "분노"': ["angry", "hate", "furious", "화나요", "싫은", "mad"],
}
FILLERS = ["i", "am", "very", "this", "day", "오늘", "정말", "is", "not", "a"]


def small_data(
    n_texts: int = 60, *, labels: tuple[str, ...] = tuple(WORDS), seed: int = 0
) -> tuple[list[str], list[str]]:
    """Make texts whose class shows in one word; every label has some, the first the most."""
    rng = np.random.default_rng(seed)
    words = {label: WORDS.get(label, [f"word{i}", f"단어{i}"]) for i, label in enumerate(labels)}
    shares = 1.0 / (np.arange(len(labels)) + 3)
    drawn = rng.choice(len(labels), size=n_texts, p=shares / shares.sum())
    drawn[: 2 * len(labels)] = np.tile(np.arange(len(labels)), 2)[:n_texts]  # no class is missing
    ys = [labels[i] for i in drawn]
    texts = [
        " ".join(
            [*rng.choice(FILLERS, size=3), str(rng.choice(words[y])), *rng.choice(FILLERS, size=2)]
        )
        for y in ys
    ]
    return texts, ys


def small_estimator(method: str, checkpoint: Path | str = "minilm", **parameters: Any) -> Any:
    """Make the estimator of a method in its smallest useful size."""
    small: dict[str, Any] = {
        "checkpoint": checkpoint,
        "n_epochs": 2,
        "batch_size": 16,
        "embedding_size": 16,
        "hidden_size": 12,
    }
    if method == "compact":
        # Train until it knows its words: otherwise random numbers decide what it says. Twelve
        # units tolerate little dropout.
        small |= {"n_epochs": 20, "learning_rate": 2e-2, "dropout": 0.1}
    return make_estimator(method, **select_parameters(method, {**small, **parameters}))
