"""Whether what a model answers can be probabilities: asked when it is loaded, and of each answer.

Weights of a stranger, or of a damaged file, can be NaN; a score that is no number must never look
like one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from assay.errors import ModelError

__all__ = ["ScoresError", "check_independent", "check_linear", "check_probs", "probe_scores"]


class ScoresError(ModelError):
    """A model has weights or gives scores that are no numbers, or no probabilities."""


# Longest n-gram that a folder may ask for: a long word has as many as that per character.
MAX_GRAM_CHARS = 64

MAX_SUM_ERROR = 1e-3  # of the scores of a text; those of 8-bit networks differ far less from 1

# No text, a word, figures and signs, other scripts, a long text.
PROBES = ("", "a", "Word 12, 34!", "한국어 日本語 😀", "one two three " * 50)


def check_linear(
    root: Path, arrays: Mapping[str, np.ndarray], min_chars: int, max_chars: int
) -> None:
    """Refuse numbers of a linear model that cannot come from a training.

    Raises
    ------
    ModelError
        A weight is NaN or infinite, a term has no weight, or the lengths of n-grams are absurd.
    """
    for name, array in arrays.items():
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ScoresError(f"the linear model in {root} has NaN or infinity in its {name}")
    if not (arrays["idf"] > 0).all():
        raise ModelError(f"the linear model in {root} has an idf that is not above 0")
    if max_chars > 0 and not 1 <= min_chars <= max_chars <= MAX_GRAM_CHARS:
        raise ModelError(
            f"the linear model in {root} has n-grams of {min_chars} to {max_chars} "
            f"characters; 1 to {MAX_GRAM_CHARS} are accepted"
        )


def check_probs(block: np.ndarray, *, folder: Path) -> np.ndarray:
    """Return probabilities whose rows sum to 1; those of float32 networks do so to 1e-7.

    Parameters
    ----------
    block : array of shape (n_texts, n_classes)
        What a model answered.
    folder : Path
        Where the model is, for the message.

    Raises
    ------
    ModelError
        A number is NaN or negative, or a row does not sum to 1.
    """
    sums = block.sum(axis=1, keepdims=True)
    is_sane = (np.abs(sums - 1.0) <= MAX_SUM_ERROR).all()  # NaN is not
    if not is_sane or block.min(initial=0.0) < 0.0:
        raise _improbable(folder)
    checked: np.ndarray = block / sums
    return checked


def check_independent(block: np.ndarray, *, folder: Path) -> np.ndarray:
    """Return scores that are each from 0 to 1: rows of several labels have no sum to keep.

    Raises
    ------
    ModelError
        A number is NaN, negative or above 1.
    """
    if not ((block >= 0.0) & (block <= 1.0 + MAX_SUM_ERROR)).all():  # NaN is neither
        raise _improbable(folder)
    capped: np.ndarray = np.minimum(block, 1.0)
    return capped


def _improbable(folder: Path) -> ScoresError:
    return ScoresError(
        f"the model in {folder} gives scores that are no probabilities",
        hint="its weights are damaged: get it again, or train it again",
    )


def probe_scores(score: Callable[[Sequence[str]], np.ndarray], *, folder: Path) -> None:
    """Score a few texts, so that a model that cannot answer is refused when it is loaded.

    Raises
    ------
    ModelError
        It cannot, whatever it raised.
    """
    try:
        score(PROBES)
    except ModelError:
        raise
    except BaseException as err:  # ONNX Runtime's exceptions share no base; panics are no Exception
        if isinstance(err, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise ModelError(f"the model in {folder} cannot give scores: {err}") from err
