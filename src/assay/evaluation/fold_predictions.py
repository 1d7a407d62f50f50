"""`FoldPredictions`: logits of every text of train and validation by models that did not see it.

What is fitted is decided by numbers of rows, never by a clock: five folds, divided anew five times
up to 200 rows, twice up to 1,000 rows, and once above. Few texts need repeats, because one division
of them says little.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assay.data.labels import Task
from assay.data.stratified import share_out
from assay.disk import atomic_file
from assay.errors import DataError
from assay.evaluation.folds import deal_folds
from assay.progress import Progress

if TYPE_CHECKING:
    from assay.models.estimator import TextClassifier

__all__ = [
    "FOLD_TEXTS",
    "FoldPredictions",
    "FoldTexts",
    "SeveralFoldTexts",
    "count_folds",
    "count_repeats",
    "predict_folds",
]

logger = logging.getLogger(__name__)

REPEATS = ((200, 5), (1000, 2))  # up to so many rows, so many divisions into folds
# Logit of a class that a fold's model does not know, below its lowest one: e^-20 is no probability
UNKNOWN_GAP = 20.0
FIELDS = ("logits", "folds", "is_known", "fit_s")


@dataclass(frozen=True)
class FoldTexts:
    """The texts that are divided into folds.

    Parameters
    ----------
    texts : sequence of str, of length n_texts
    label_ids : int64 array of shape (n_texts,)
        In LabelSet order.
    groups : int64 array of shape (n_texts,)
        Equal numbers mark equal texts, which are never divided.
    n_classes : int
    order : int64 array of shape (n_classes,), optional
        The classes in natural order, in which texts with several labels are shared out. None: as
        they are.
    """

    texts: tuple[str, ...]
    label_ids: np.ndarray
    groups: np.ndarray
    n_classes: int
    order: np.ndarray | None = None

    def deal(self, *, n_folds: int, seed: int) -> np.ndarray:
        """Return the fold of each text: see `deal_folds`."""
        return deal_folds(self.label_ids, self.groups, n_folds=n_folds, seed=seed)

    def count_texts(self, rows: np.ndarray) -> np.ndarray:
        """Return how many of these texts have each class, int64 of shape (n_classes,)."""
        return np.bincount(self.label_ids[rows], minlength=self.n_classes)

    def is_known(self, rows: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Tell for each of these texts whether a model that knows `classes` could be right."""
        return np.isin(self.label_ids[rows], classes)


@dataclass(frozen=True)
class SeveralFoldTexts(FoldTexts):
    """The same where a text may have several labels.

    `label_ids` are zeros and ones of shape (n_texts, n_classes). A label that no text outside a
    fold has gets a score all the same, which says that it is rare.
    """

    def deal(self, *, n_folds: int, seed: int) -> np.ndarray:
        """Return the fold of each text: stratified by labels and pairs, see `share_out`."""
        units = np.unique(self.groups, return_inverse=True)[1]
        shares = np.full(n_folds, 1 / n_folds)
        own = self.label_ids
        if self.order is not None:
            own = own[:, self.order]
        return share_out(own, units, shares, rng=np.random.default_rng(seed))

    def count_texts(self, rows: np.ndarray) -> np.ndarray:
        """Return how many of these texts have each label, int64 of shape (n_classes,)."""
        counts: np.ndarray = self.label_ids[rows].sum(axis=0)
        return counts

    def is_known(self, rows: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Tell that all texts can be judged, bool of shape (n_rows,)."""
        return np.ones(int(np.asarray(rows).sum()), dtype=bool)


FOLD_TEXTS: dict[Task, type[FoldTexts]] = {"single": FoldTexts, "multi": SeveralFoldTexts}


@dataclass(frozen=True)
class FoldPredictions:
    """What models predict for texts that they were not fitted on.

    Parameters
    ----------
    logits : float64 array of shape (n_repeats, n_texts, n_classes)
        Before the temperature, in LabelSet order.
    folds : int64 array of shape (n_repeats, n_texts)
        The fold of each text.
    is_known : bool array of shape (n_repeats, n_texts)
        Whether the label of the text occurs outside its fold. Where it does not, no model could
        have known it.
    fit_s : float
        Seconds of fitting and predicting.
    """

    logits: np.ndarray
    folds: np.ndarray
    is_known: np.ndarray
    fit_s: float

    @property
    def n_folds(self) -> int:
        """Folds of each division."""
        return int(self.folds.max()) + 1

    def calibration_pairs(self, label_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return logits and labels of all divisions that a temperature can be fitted on."""
        shape = (*self.is_known.shape, *label_ids.shape[1:])
        repeated = np.broadcast_to(label_ids, shape)
        return self.logits[self.is_known], repeated[self.is_known]

    def save(self, path: Path) -> None:
        """Write everything to one file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {name: getattr(self, name) for name in FIELDS}
        with atomic_file(path) as partial, partial.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **content)

    @classmethod
    def load(cls, path: Path) -> FoldPredictions | None:
        """Read what `save` wrote; None if there is no such file or it is damaged."""
        try:
            with np.load(path, allow_pickle=False) as content:
                logits, folds, is_known, fit_s = (content[name] for name in FIELDS)
        except (OSError, ValueError, KeyError, EOFError):
            return None
        return cls(logits, folds, is_known, float(fit_s))


def count_repeats(n_rows: int) -> int:
    """Return how often so many rows are divided into folds.

    >>> count_repeats(60), count_repeats(700), count_repeats(5000)
    (5, 2, 1)
    """
    for most_rows, n_repeats in REPEATS:
        if n_rows <= most_rows:
            return n_repeats
    return 1


def count_folds(texts: FoldTexts, n_folds: int) -> int:
    """Return the number of folds: fewer where half of the classes have fewer distinct texts.

    So most classes are in every fold. At least 2, so that every text has a model that did not see
    it. A class with few texts does not take folds away from all others.
    """
    _, first = np.unique(texts.groups, return_index=True)
    sizes = texts.count_texts(first)
    median = int(np.median(sizes[sizes > 0]))
    return max(2, min(n_folds, median, len(first)))


def predict_folds(
    texts: FoldTexts,
    make: Callable[[], TextClassifier],
    *,
    n_folds: int,
    n_repeats: int,
    seed: int,
    settles: bool = False,
    may_go_on: Callable[[], bool] = lambda: True,
    progress: Progress,
) -> FoldPredictions | None:
    """Fit models on all folds but one, for each fold of each division, and predict that fold.

    Parameters
    ----------
    texts : FoldTexts
    make : callable
        Returns a fresh estimator.
    n_folds, n_repeats : int
    seed : int
        Seed of the divisions.
    settles : bool
        Whether what the first model of a division chose, such as C, is given to the others. Not
        where methods are chosen by the scores: the choice saw texts of the other folds.
    may_go_on : callable
        Asked before each fit. Once it says no, divisions that are whole are kept.
    progress : Progress

    Returns
    -------
    FoldPredictions or None
        None if there was no time for one whole division.

    Raises
    ------
    DataError
        All texts are the same, or the texts outside a fold hold nothing to learn from.
    """
    if len(np.unique(texts.groups)) < 2:
        raise DataError(
            f"all {len(texts.texts):,} texts are the same, and equal texts are never in two folds"
        )
    started_s = time.perf_counter()
    whole = []
    method = make().method
    with progress.track(f"folds ({method})", n_folds * n_repeats) as advance:
        for repeat in range(n_repeats):
            folds = texts.deal(n_folds=n_folds, seed=seed + 1000 * repeat)
            found = _predict_division(texts, folds, make, may_go_on, advance, settles=settles)
            if found is None:
                break
            whole.append((*found, folds))
    if not whole:
        return None
    logits, is_known, folds_of = (np.stack(parts) for parts in zip(*whole, strict=True))
    fit_s = time.perf_counter() - started_s
    logger.info("%s: %d divisions into %d folds in %.1f s", method, len(whole), n_folds, fit_s)
    return FoldPredictions(logits, folds_of, is_known, fit_s)


def _predict_division(
    texts: FoldTexts,
    folds: np.ndarray,
    make: Callable[[], TextClassifier],
    may_go_on: Callable[[], bool],
    advance: Callable[[int], None],
    *,
    settles: bool,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return logits and whether each label was known; None if there was no time for all folds."""
    logits = np.zeros((len(folds), texts.n_classes))
    is_known = np.zeros(len(folds), dtype=bool)
    chosen: dict[str, float] = {}
    for fold in range(int(folds.max()) + 1):
        if not may_go_on():
            return None
        is_outside = folds == fold
        model = make()
        if chosen:
            model.set_params(**chosen)
        own, classes = model.predict_fold(texts.texts, texts.label_ids, is_outside)
        if settles:
            chosen = model.settled()
        wide = np.repeat(own.min(axis=1, keepdims=True) - UNKNOWN_GAP, texts.n_classes, axis=1)
        wide[:, classes] = own
        logits[is_outside] = wide
        is_known[is_outside] = texts.is_known(is_outside, classes)
        advance(1)
    return logits, is_known
