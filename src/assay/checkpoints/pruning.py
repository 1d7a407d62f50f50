"""A vocabulary without the pieces that a data set will hardly ever need.

A multilingual tokenizer of the kind Unigram has a quarter of a million pieces, most of them of
other scripts. A saved model keeps the pieces that its training texts use, every single character,
and the frequent pieces of the scripts seen. A text made of those gets the same tokens as before; a
piece that was dropped is spelled with shorter ones.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tokenizers

from assay.tokenization.scripts import find_script
from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["PieceLimits", "PrunedVocabulary", "is_prunable", "prune_vocabulary"]

MIN_PIECES = 50_000  # a smaller vocabulary stays whole: its token vectors take little room
WORD_START = "\u2581"
# Share of the letters of the training texts from which a script is one that they are written in,
# and from which it occurs in them at all: names and abbreviations in Latin letters, for instance.
MAIN_SCRIPT, SEEN_SCRIPT = 0.1, 0.005


@dataclass(frozen=True)
class PieceLimits:
    """How many of the most frequent pieces are kept of each script.

    Parameters
    ----------
    main : int
        Pieces of a script that the training texts are written in.
    seen : int
        Pieces of a script that merely occurs in them.
    """

    main: int = 24_000
    seen: int = 2_000


@dataclass(frozen=True)
class PrunedVocabulary:
    """A smaller vocabulary, and where its pieces were in the whole one.

    Parameters
    ----------
    kept_ids : int64 array of shape (n_pieces,)
        The old id of each new one, ascending.
    n_whole : int
        Number of pieces of the whole vocabulary.
    tokenizer : SubwordTokenizer
        Gives the new ids.
    """

    kept_ids: np.ndarray
    n_whole: int
    tokenizer: SubwordTokenizer


def is_prunable(tokenizer: SubwordTokenizer) -> bool:
    """Tell whether a tokenizer is of the kind that can be pruned, and large enough to matter."""
    kind = type(tokenizer.tokenizer.model).__name__
    return kind == "Unigram" and tokenizer.vocabulary_size >= MIN_PIECES


def prune_vocabulary(
    tokenizer: SubwordTokenizer, counts: np.ndarray, *, limits: PieceLimits
) -> PrunedVocabulary:
    """Drop pieces that texts like the training texts will hardly ever need.

    Parameters
    ----------
    tokenizer : SubwordTokenizer
        For which `is_prunable` holds.
    counts : int array of shape (n_ids,)
        How often each token occurs in the training texts.
    limits : PieceLimits
    """
    content = json.loads(tokenizer.tokenizer.to_str())
    pieces, all_scores = map(list, zip(*content["model"]["vocab"], strict=True))
    scores = np.array(all_scores)
    added = [int(token["id"]) for token in content["added_tokens"]]
    special = [token_id for token_id in added if token_id < len(pieces)]
    counts = counts[: len(pieces)].copy()
    counts[special] = 0
    kept = {*added, int(content["model"]["unk_id"]), _lowest(scores, special)}
    kept.update(np.flatnonzero(counts).tolist())
    kept.update(i for i, piece in enumerate(pieces) if len(piece.removeprefix(WORD_START)) <= 1)
    kept.update(_frequent(pieces, scores, counts, limits))
    kept_ids = np.array(sorted(kept), dtype=np.int64)
    renumbered = tokenizers.Tokenizer.from_str(json.dumps(_renumber(content, kept_ids)))
    return PrunedVocabulary(
        kept_ids, len(pieces), SubwordTokenizer(renumbered, max_tokens=tokenizer.max_tokens)
    )


def _lowest(scores: np.ndarray, special: list[int]) -> int:
    """Return the piece with the lowest score, from which the score of the unknown follows."""
    ranked = scores.copy()
    ranked[special] = np.inf
    return int(ranked.argmin())


def _frequent(
    pieces: list[str], scores: np.ndarray, counts: np.ndarray, limits: PieceLimits
) -> Iterable[int]:
    """Yield the frequent pieces of the scripts seen; a score is the logarithm of a frequency."""
    scripts = list(map(_scripts, pieces))
    lengths = counts * np.array(list(map(len, pieces)))
    left = _room(scripts, lengths, limits)
    for token_id in np.argsort(-scores, kind="stable").tolist():
        own = scripts[token_id]
        # A piece without letters is of every script: numbers, signs, emoji.
        if all(left.get(script, 0) > 0 for script in own):
            yield token_id
            for script in own:
                left[script] -= 1


def _room(
    scripts: list[frozenset[str]], lengths: np.ndarray, limits: PieceLimits
) -> dict[str, int]:
    """Return how many pieces there is room for, by script.

    `lengths` says how many characters of the training texts each piece makes up.
    """
    letters: Counter[str] = Counter()
    for token_id in np.flatnonzero(lengths):
        letters.update(dict.fromkeys(scripts[token_id], int(lengths[token_id])))
    n_letters = max(1, sum(letters.values()))
    room = {}
    for script, n in letters.items():
        if n / n_letters >= MAIN_SCRIPT:
            room[script] = limits.main
        elif n / n_letters >= SEEN_SCRIPT:
            room[script] = limits.seen
    return room


def _scripts(piece: str) -> frozenset[str]:
    return frozenset(filter(None, map(find_script, piece)))


def _renumber(content: dict[str, Any], kept_ids: np.ndarray) -> dict[str, Any]:
    """Return what tokenizer.json holds for the kept pieces alone."""
    new_ids = {old: new for new, old in enumerate(kept_ids.tolist())}
    model = content["model"]
    vocabulary = [model["vocab"][i] for i in kept_ids.tolist() if i < len(model["vocab"])]
    added = [{**token, "id": new_ids[token["id"]]} for token in content["added_tokens"]]
    return {
        **content,
        "model": {**model, "vocab": vocabulary, "unk_id": new_ids[model["unk_id"]]},
        "added_tokens": added,
        "padding": None,
        "post_processor": _renumber_ids(content["post_processor"], new_ids),
    }


def _renumber_ids(step: Any, new_ids: dict[int, int]) -> Any:
    """Return a post-processor with other ids of the tokens that it adds."""
    if isinstance(step, list):
        return [_renumber_ids(one, new_ids) for one in step]
    if not isinstance(step, dict):
        return step
    changed = {key: _renumber_ids(value, new_ids) for key, value in step.items()}
    if isinstance(step.get("ids"), list):
        changed["ids"] = [new_ids[token_id] for token_id in step["ids"]]
    for name in ("sep", "cls"):  # of the kinds Bert and Roberta: [token, id]
        if isinstance(step.get(name), list):
            token, token_id = step[name]
            changed[name] = [token, new_ids[token_id]]
    return changed
