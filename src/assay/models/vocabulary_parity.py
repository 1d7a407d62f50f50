"""What a smaller vocabulary costs: the saved network beside the whole one, on held-out texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.models.estimator import TextClassifier
from assay.runtime.entries import VocabularyEntry

__all__ = ["compare_vocabularies"]

MAX_TEXTS = 500  # both networks read them: some seconds


def compare_vocabularies(
    whole: TextClassifier, pruned: TextClassifier, texts: Sequence[str]
) -> VocabularyEntry:
    """Compare an estimator with its pruned copy.

    Parameters
    ----------
    whole, pruned : TextClassifier
    texts : sequence of str
        Held-out texts, of which the first 500 are read.

    Returns
    -------
    VocabularyEntry
        Empty if nothing was pruned.
    """
    vocabulary = pruned.vocabulary_
    if vocabulary is None:
        return {}
    entry: VocabularyEntry = {
        "n_pieces": len(vocabulary.kept_ids),
        "n_pieces_of_checkpoint": vocabulary.n_whole,
        "n_texts": 0,
    }
    read = list(texts[:MAX_TEXTS])
    if not read:
        return entry
    before, after = whole.predict_proba(read), pruned.predict_proba(read)
    answers, answers_after = whole.answer(before), whole.answer(after)
    is_changed = (answers != answers_after).reshape(len(read), -1).any(axis=1)
    return {
        **entry,
        "n_texts": len(read),
        "max_difference": float(np.abs(before - after).max()),
        "changed": float(is_changed.mean()),
    }
