"""What each word of a text adds to the logits of a `linear` model, which is a sum over terms.

A term belongs to the words whose characters it covers, in proportion to their number; the value of
a term that occurs three times is divided among the three places. So nothing is left over:
contributions and bias sum to the logits exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from assay.runtime.linear import LinearModel, TextTerms
from assay.tokenization.words import lower_text, spaced_pattern

__all__ = ["linear_contributions"]

Shares = list[tuple[int, float]]  # (word, its fraction of the term); the fractions sum to 1


@dataclass(frozen=True)
class _Run:
    """A piece of text without white space.

    Parameters
    ----------
    folded : str
        Its characters as `lower_text` returns them.
    owners : tuple of int
        The word that each of these characters belongs to.
    """

    folded: str
    owners: tuple[int, ...]

    def shares(self, start: int, stop: int) -> Shares:
        """Share the term from character `start` to `stop` among the words of its characters."""
        covered = self.owners[start:stop]
        return [(owner, len(list(same)) / len(covered)) for owner, same in groupby(covered)]


def linear_contributions(
    model: LinearModel, text: str, words: Sequence[tuple[int, int]]
) -> np.ndarray:
    """Return what each word adds to the logits.

    Parameters
    ----------
    model : LinearModel
    text : str
    words : sequence of (start, stop)
        The words of the text, as `find_words` returns them.

    Returns
    -------
    float64 array of shape (n_words, n_classes)
        Its sum over words plus the bias is ``model.logits([text])[0]``.
    """
    contributions = np.zeros((len(words), len(model.bias)))
    runs = list(_runs(text, words, model.terms.rule))
    for terms, column in zip((_word_terms, _character_terms), model.columns, strict=False):
        places: dict[int, list[Shares]] = defaultdict(list)
        for term, shares in terms(model.terms, runs):
            place = column[term]
            if place is not None:
                places[place].append(shares)
        if not places:
            continue
        columns = np.fromiter(places, dtype=np.int64, count=len(places))
        counts = np.array(list(map(len, places.values())), dtype=np.float64)
        values = (1.0 + np.log(counts)) * model.idf[columns]
        pushes = (values / np.sqrt(values @ values) / counts)[:, None] * model.weights[columns]
        for push, found in zip(pushes, places.values(), strict=True):
            for shares in found:
                for word, fraction in shares:
                    contributions[word] += fraction * push
    return contributions


def _runs(text: str, words: Sequence[tuple[int, int]], rule: int) -> Iterator[_Run]:
    """Yield the runs of words that have no white space between them."""
    start = 0
    for i in range(len(words)):
        if i + 1 < len(words) and words[i][1] == words[i + 1][0]:
            continue
        folded = lower_text(text[words[start][0] : words[i][1]], rule)
        parts = [len(lower_text(text[first:last], rule)) for first, last in words[start : i + 1]]
        owners = [
            word
            for word, n_chars in zip(range(start, i + 1), parts, strict=True)
            for _ in range(n_chars)
        ]
        # Folding a run may make it shorter or longer than its words were, where a mark joins two of
        # them.
        owners += [i] * (len(folded) - len(owners))
        yield _Run(folded, tuple(owners[: len(folded)]))
        start = i + 1


def _word_terms(terms: TextTerms, runs: Sequence[_Run]) -> Iterator[tuple[str, Shares]]:
    """Yield what `TextTerms.words` returns, each with its shares."""
    found = [
        (word.group(), run.shares(start + word.start(), start + word.end()))
        for run in runs
        for start, token in _tokens(terms, run.folded)
        for word in terms.pattern.finditer(token)
    ]
    yield from found
    for (first, first_shares), (second, second_shares) in pairwise(found):
        halves = [(word, fraction / 2) for word, fraction in (*first_shares, *second_shares)]
        yield f"{first} {second}", halves


def _character_terms(terms: TextTerms, runs: Sequence[_Run]) -> Iterator[tuple[str, Shares]]:
    """Yield what `TextTerms.characters` returns, each with its shares."""
    for run in runs:
        for first, token in _tokens(terms, run.folded):
            grams = terms.characters(token)
            for gram, start in zip(grams, _starts(terms, len(token) + 2), strict=True):
                # The token is framed by a space on each side, which belongs to nobody.
                stop = min(start - 1 + len(gram), len(token))
                yield gram, run.shares(first + max(start - 1, 0), first + stop)


def _tokens(terms: TextTerms, folded: str) -> Iterator[tuple[int, str]]:
    """Yield what `TextTerms.fold` parts by spaces in a run, each with its place in it."""
    start = 0
    for spaced in spaced_pattern(terms.rule).finditer(folded):
        if start < spaced.start():
            yield start, folded[start : spaced.start()]
        yield spaced.start(), spaced.group()
        start = spaced.end()
    if start < len(folded):
        yield start, folded[start:]


def _starts(terms: TextTerms, n_chars: int) -> Iterator[int]:
    """Yield where each n-gram starts, in the order of `TextTerms.characters`.

    The run has a space before and after it, which `n_chars` counts.
    """
    for size in range(terms.min_chars, terms.max_chars + 1):
        yield from range(max(n_chars - size, 0) + 1)
        if n_chars <= size:
            return
