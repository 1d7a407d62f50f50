"""How strongly the head of `features` is regularised, and whether names of labels help it.

Both are chosen on its training texts.

What is best differs by a factor of 100: noisy labels and few texts want a strong regularisation,
many classes with few texts each a weak one. Measured: "How strongly the head is regularised" in
dev/LOG.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from assay.data.labels import Task
from assay.models.head import AffineHead
from assay.models.label_names import NamedLabels
from assay.models.several_heads import HEADS, SeveralHeads
from assay.training.context import ClassWeight

__all__ = ["CHOICES", "DEFAULT_C", "N_FOLDS", "choose_c", "names_help"]

CHOICES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # values of C
DEFAULT_C = 0.1  # where the texts are too few to choose
FEWEST_TEXTS = 20
N_FOLDS = 5
LARGE_TEXTS = 2_000  # from so many texts on, one cut is enough
# The one cut: texts that are fitted on, at most half of all, and texts that are compared on
TRIAL_TEXTS, COMPARED_TEXTS = 4_000, 4_000
SCALES = np.geomspace(0.2, 10.0, 18)  # of logits: a temperature is fitted afterwards anyway


def choose_c(
    features: np.ndarray,
    label_ids: np.ndarray,
    *,
    task: Task = "single",
    class_weight: ClassWeight = None,
    seed: int = 0,
    n_cuts: int = N_FOLDS,
) -> float:
    """Return the C whose log loss is least on texts that the trial did not train on.

    The logits of each C are scaled first, as the temperature will scale them: a strong
    regularisation gives timid probabilities, which does not make its answers worse.

    Parameters
    ----------
    features : array of shape (n_texts, n_features)
    label_ids : int array of shape (n_texts,), or (n_texts, n_labels) of zeros and ones
    task : {"single", "multi"}
        Whether a text has one class, or any number of labels.
    class_weight : "balanced", mapping or None
    seed : int
        Seed of the cuts.
    n_cuts : int
        How many of the five folds are compared; one is enough where the choice is made anew for
        each of many parts of a set. From 2,000 texts on there is a single cut.

    Returns
    -------
    float
        One of `CHOICES`; `DEFAULT_C` for fewer than 20 texts, and where a trial would know one
        class only.
    """
    if len(label_ids) < FEWEST_TEXTS:
        return DEFAULT_C
    cuts = list(islice(_cuts(len(label_ids), seed), n_cuts))
    if task == "single" and any(len(np.unique(label_ids[inside])) < 2 for inside, _ in cuts):
        return DEFAULT_C
    losses: dict[float, float] = {}
    for C in CHOICES:
        head = HEADS[task](C=C, class_weight=class_weight, seed=seed)
        losses[C] = _held_out_loss(head, features, label_ids, cuts)
        if _rises(list(losses.values())):
            break
    return min(losses, key=losses.__getitem__)


def names_help(
    features: np.ndarray,
    label_ids: np.ndarray,
    named: NamedLabels,
    *,
    C: float,
    class_weight: ClassWeight = None,
    seed: int = 0,
    n_cuts: int = N_FOLDS,
) -> bool:
    """Tell whether the log loss is less where the names of labels are learnt from, too.

    Parameters
    ----------
    features : array of shape (n_texts, n_features)
    label_ids : int array of shape (n_texts,)
    named : NamedLabels
    C : float
    class_weight, seed, n_cuts
        As of `choose_c`; the texts are cut as there.

    Returns
    -------
    bool
        False for fewer than 20 texts, and where there are so many per label that names add nothing.
    """
    if len(label_ids) < FEWEST_TEXTS or not named.help_few(len(label_ids)):
        return False
    cuts = list(islice(_cuts(len(label_ids), seed), n_cuts))
    if any(len(np.unique(label_ids[inside])) < 2 for inside, _ in cuts):
        return False
    head = AffineHead(C=C, class_weight=class_weight, seed=seed)
    without = _held_out_loss(head, features, label_ids, cuts)
    return _held_out_loss(head, features, label_ids, cuts, named) < without


def _held_out_loss(
    head: AffineHead | SeveralHeads,
    features: np.ndarray,
    label_ids: np.ndarray,
    cuts: Sequence[tuple[np.ndarray, np.ndarray]],
    named: NamedLabels | None = None,
) -> float:
    """Return the log loss on the texts that are compared, all cuts together."""
    loss = 0.0
    for inside, outside in cuts:
        own, own_ids = features[inside], label_ids[inside]
        if named is not None and isinstance(head, AffineHead):
            head.fit(*named.add_to(own, own_ids))
        else:
            head.fit(own, own_ids)
        logits, targets = head.logits(features[outside]), label_ids[outside]
        if targets.ndim == 1:
            logits, targets = _known(logits, targets, head.classes_)
        loss += _summed_loss(logits, targets)
    return loss


def _known(
    logits: np.ndarray, label_ids: np.ndarray, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and columns of the texts whose class the trial knows."""
    is_known = np.isin(label_ids, classes)
    return logits[is_known], np.searchsorted(classes, label_ids[is_known])


def _rises(losses: list[float]) -> bool:
    """Tell whether the loss has risen twice in a row: weaker regularisation will not help."""
    return len(losses) > 2 and losses[-3] < losses[-2] < losses[-1]


def _cuts(n_texts: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the texts to fit on, and those to compare on: folds, or one cut of many texts."""
    order = np.random.default_rng(seed).permutation(n_texts)
    if n_texts >= LARGE_TEXTS:
        n_inside = min(TRIAL_TEXTS, n_texts // 2)
        yield order[:n_inside], order[n_inside : n_inside + COMPARED_TEXTS]
        return
    fold = np.arange(n_texts) % N_FOLDS
    for k in range(N_FOLDS):
        yield order[fold != k], order[fold == k]


def _summed_loss(logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the log loss of all texts together, at the best of `SCALES`."""
    losses = []
    for scale in SCALES:
        scaled = scale * logits
        if targets.ndim == 2:
            losses.append(float((np.logaddexp(0.0, scaled) - targets * scaled).sum()))
            continue
        highest = scaled.max(axis=1)
        log_sums = highest + np.log(np.exp(scaled - highest[:, None]).sum(axis=1))
        of_label = scaled[np.arange(len(scaled)), targets]
        losses.append(float((log_sums - of_label).sum()))
    return min(losses)
