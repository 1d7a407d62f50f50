"""What a model of the labels so far says about texts: one label each, or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from assay.models.label_names import NamedLabels
from assay.review.choosing import uncertainty, uncertainty_of_several
from assay.review.estimate import C

__all__ = ["MIN_LABELLED", "Guesses", "Known", "Suggestion", "choose_names", "fit_guesses"]

MIN_LABELLED = 8  # texts with a label below which there is no model
MIN_WITH_LABEL = 2  # texts below which a label is suggested to none, if a text has several
MIN_NAMED = 2  # labels below which names tell nothing apart
N_CUTS = 2  # by which it is told whether names help: the model is fitted anew for every decision
THRESHOLD = 0.5  # from which on a label is suggested, if a text has several


@dataclass(frozen=True)
class Suggestion:
    """The label that a text probably has, or the labels.

    Parameters
    ----------
    labels : tuple of str
        One label; with several labels per text any number of them, also none.
    confidence : float or None
        Probability, 0 to 1, of the least probable of `labels`; None if only the name of the label
        suggests it, or if there is no label.
    """

    labels: tuple[str, ...]
    confidence: float | None = None


@dataclass(frozen=True)
class Known:
    """What is known of the labels when advice is asked for.

    Parameters
    ----------
    rows : int array of shape (n_labelled,)
        Rows of the features whose texts have been decided.
    labels : tuple of tuple of str
        The labels of each of them: one, or any number with several labels per text.
    name_vectors : dict of str to array of shape (n_features,)
        The names of labels that are words, read as texts; empty where vectors hold no meaning.
    several : bool
        Whether a text can have several labels.
    is_random : bool array of shape (n_labelled,), optional
        Which of the texts came at random. None: that makes no difference.
    """

    rows: np.ndarray
    labels: tuple[tuple[str, ...], ...]
    name_vectors: Mapping[str, np.ndarray] = field(default_factory=dict)
    several: bool = False
    is_random: np.ndarray | None = None

    def chosen(self) -> Known:
        """Return what is known of the texts that did not come at random."""
        if self.is_random is None:
            return self
        kept = np.flatnonzero(~self.is_random)
        labels = tuple(self.labels[i] for i in kept)
        return replace(self, rows=self.rows[kept], labels=labels, is_random=None)

    @property
    def names(self) -> tuple[str, ...]:
        """The labels that a model can learn, sorted."""
        counts: dict[str, int] = {}
        for own in self.labels:
            for label in own:
                counts[label] = counts.get(label, 0) + 1
        if not self.several:
            return tuple(sorted(counts))
        return tuple(sorted(one for one, n in counts.items() if n >= MIN_WITH_LABEL))

    @property
    def can_fit(self) -> bool:
        """Whether there are enough labels for a model."""
        n_needed = 1 if self.several else 2
        return len(self.labels) >= MIN_LABELLED and len(self.names) >= n_needed


@dataclass(frozen=True)
class Guesses:
    """Probabilities of the labels of texts.

    Parameters
    ----------
    probs : array of shape (n_texts, n_labels)
        Rows sum to 1; with several labels per text each label has its own probability.
    names : tuple of str
        The label of each column.
    several : bool
    """

    probs: np.ndarray
    names: tuple[str, ...]
    several: bool

    def unsure(self) -> np.ndarray:
        """Return how unsure the model is about each text, of shape (n_texts,), 0 to 1."""
        return uncertainty_of_several(self.probs) if self.several else uncertainty(self.probs)

    def suggest(self, row: int) -> Suggestion:
        """Return what a text probably has."""
        own = self.probs[row]
        taken = np.flatnonzero(own >= THRESHOLD) if self.several else [int(own.argmax())]
        labels = tuple(self.names[i] for i in taken)
        return Suggestion(labels, float(own[taken].min()) if labels else None)


def choose_names(
    features: np.ndarray,
    label_ids: np.ndarray,
    names: Sequence[str],
    name_vectors: Mapping[str, np.ndarray],
) -> NamedLabels | None:
    """Return the names of labels where these help a model of the labels, as for `features`.

    Parameters
    ----------
    features : float32 array of shape (n_labelled, n_features)
    label_ids : int array of shape (n_labelled,)
    names : sequence of str
        The name of each label id.
    name_vectors : mapping of str to array of shape (n_features,)
        See `Known`.
    """
    from assay.models.head_choice import names_help  # here: it loads scikit-learn

    kept = [i for i, name in enumerate(names) if name in name_vectors]
    if len(kept) < MIN_NAMED:
        return None
    vectors = np.stack([name_vectors[names[i]] for i in kept])
    named = NamedLabels(np.array(kept, dtype=np.int64), vectors)
    if names_help(features, label_ids, named, C=C, n_cuts=N_CUTS):
        return named
    return None


def fit_guesses(features: np.ndarray, known: Known) -> Guesses:
    """Fit the classifier of `features` to what is known, and ask it about every text.

    With several labels per text each label has a classifier of its own.

    Parameters
    ----------
    features : float32 array of shape (n_texts, n_features)
    known : Known
        `can_fit` is True.
    """
    from assay.models.head import AffineHead  # here: it loads scikit-learn

    fitted = features[known.rows]
    if not known.several:
        ids = np.searchsorted(known.names, [own[0] for own in known.labels])
        named = choose_names(fitted, ids, known.names, known.name_vectors)
        parts = (fitted, ids) if named is None else named.add_to(fitted, ids)
        head = AffineHead(C=C).fit(*parts)
        return Guesses(head.predict_proba(features), known.names, several=False)
    columns = []
    for name in known.names:
        has_label = np.array([name in own for own in known.labels])
        columns.append(_probability(features, fitted, has_label))
    return Guesses(np.stack(columns, axis=1), known.names, several=True)


def _probability(features: np.ndarray, fitted: np.ndarray, has_label: np.ndarray) -> np.ndarray:
    """Return the probability of one label for each text, of shape (n_texts,)."""
    from assay.models.head import AffineHead  # here: it loads scikit-learn

    if has_label.all():  # by Laplace's rule of succession: the next text may be the first without
        n = len(has_label)
        return np.full(len(features), (n + 1) / (n + 2))
    probs: np.ndarray = AffineHead(C=C).fit(fitted, has_label).predict_proba(features)
    return probs[:, 1]
