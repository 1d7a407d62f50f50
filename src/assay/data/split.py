"""Cut missing splits from train, and take fewer rows: seeded and stratified.

The same text is never on two sides of a cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

import numpy as np

from assay._arguments import checked
from assay.bounds import SEED
from assay.data.duplicates import duplicate_groups
from assay.data.normal_form import normalise_text
from assay.data.stratified import share_out
from assay.data.texts import LabelledTexts, Splits
from assay.errors import DataError, InputError, plural

__all__ = ["cut_missing", "limit_rows"]

KEPT_ROWS = 2  # rows of each class that stay in train: fewer cannot be learnt from and measured
SHARED_ROWS = 4  # a class of so many rows has at least one in each cut, however small the fraction
CUT_ORDER = ("validation", "test")


@checked
def cut_missing(
    splits: Splits, *, seed: int, validation_fraction: float = 0.1, test_fraction: float = 0.1
) -> Splits:
    """Cut the splits that are missing from train (or from a lone ``all``, which becomes train).

    Parameters
    ----------
    splits : Splits
    seed : int
        Decides which rows are cut.
    validation_fraction, test_fraction : float
        Share of each class of the uncut train split, between 0 and 1; used where that split is
        missing.

    Returns
    -------
    Splits
        train, validation and test, each in row order; splits that were there are the same objects.
        Rows with the same text (see `duplicate_groups`) stay on one side. Each class keeps at least
        two rows in train.

    Raises
    ------
    InputError
        A fraction or the seed is out of range.
    DataError
        There is no train split to cut from, or it is too small.
    """
    SEED.check("seed", seed)
    fractions = {"validation": validation_fraction, "test": test_fraction}
    missing = _missing_fractions(splits, fractions)
    whole = splits.parts.get("train", splits.parts.get("all"))
    if whole is None:
        raise DataError(f"{splits.source} has no train split; splits: {', '.join(splits)}")
    if not missing:
        return splits
    rows = _cut_rows(splits, whole, fractions=missing, seed=seed)
    parts = {}
    for name in ("train", *CUT_ORDER):
        parts[name] = whole.take(rows[name]) if name in rows else splits[name]
    return replace(splits, parts=parts)


def _missing_fractions(splits: Splits, fractions: Mapping[str, float]) -> dict[str, float]:
    """Check the fractions; return those of the splits that are missing."""
    for name, fraction in fractions.items():
        if not 0 < fraction < 1:
            raise InputError(
                f"--{name}-fraction is {fraction}; a number between 0 and 1 is accepted"
            )
    missing = {name: fraction for name, fraction in fractions.items() if name not in splits}
    total = sum(missing.values())
    if total >= 1:
        raise InputError(
            f"--validation-fraction and --test-fraction are {total:g} together; "
            "less than 1 is accepted"
        )
    return missing


def _cut_rows(
    splits: Splits, whole: LabelledTexts, *, fractions: Mapping[str, float], seed: int
) -> dict[str, np.ndarray]:
    """Return the rows of each new split, train included."""
    if splits.label_set.task == "multi":
        return _cut_several(splits, whole, fractions=fractions, seed=seed)
    label_ids = splits.label_set.ids(whole.labels)
    groups = duplicate_groups(whole)
    counts = np.bincount(label_ids, minlength=len(splits.label_set))
    is_free = np.ones(len(whole), dtype=bool)
    rows = {}
    for name, fraction in fractions.items():
        wanted = _apportion(counts * fraction, total=round(fraction * len(whole)))
        wanted = np.where(counts >= SHARED_ROWS, np.maximum(wanted, 1), wanted)
        n_free = np.bincount(label_ids[is_free], minlength=len(counts))
        # Validation, which is cut first, leaves a row for test, whether that is cut or not.
        n_spared = KEPT_ROWS + ((counts >= SHARED_ROWS) & (name == "validation"))
        wanted = np.clip(wanted, 0, np.maximum(n_free - n_spared, 0))
        # Each split has a random stream of its own, so that the validation split is the same
        # whether or not a test split is cut.
        rng = np.random.default_rng([seed, CUT_ORDER.index(name)])
        cut = _pick_groups(groups, label_ids, wanted=wanted, is_free=is_free, rng=rng)
        if not len(cut):
            most = np.maximum(n_free - n_spared, 0)
            more = _pick_groups(groups, label_ids, wanted=most, is_free=is_free, rng=rng)
            raise _too_few(splits, whole, name, fraction, is_larger_possible=len(more) > 0)
        is_free[cut] = False
        rows[name] = cut
    return {"train": np.flatnonzero(is_free), **rows}


def _cut_several(
    splits: Splits, whole: LabelledTexts, *, fractions: Mapping[str, float], seed: int
) -> dict[str, np.ndarray]:
    """Return the rows of each new split of texts with several labels; see `share_out`."""
    names = ("train", *fractions)
    shares = np.array([1 - sum(fractions.values()), *fractions.values()])
    indicator = splits.label_set.encode(whole.labels)[:, splits.label_set.natural_order()]
    groups = duplicate_groups(whole)
    rng = np.random.default_rng([seed, len(fractions)])
    subsets = share_out(indicator, groups, shares, rng=rng)
    rows = {name: np.flatnonzero(subsets == i) for i, name in enumerate(names)}
    for name, fraction in fractions.items():
        if not len(rows[name]):
            _refuse_rare(splits, indicator, name)
            equal_shares = np.full(len(names), 1 / len(names))
            larger = share_out(indicator, groups, equal_shares, rng=rng)
            is_possible = bool((larger == names.index(name)).any())
            raise _too_few(splits, whole, name, fraction, is_larger_possible=is_possible)
    return rows


def _refuse_rare(splits: Splits, indicator: np.ndarray, name: str) -> None:
    """Refuse data of which nearly every text has a label that no other split can have too."""
    n_texts_of = indicator.sum(axis=0)
    is_rare = (n_texts_of > 0) & (n_texts_of < SHARED_ROWS)
    has_rare = indicator[:, is_rare].any(axis=1)
    if 2 * int(has_rare.sum()) < len(indicator):
        return
    raise DataError(
        f"{int(is_rare.sum()):,} of the {len(n_texts_of):,} labels of {splits.source} have fewer "
        f"than {SHARED_ROWS} texts, and {int(has_rare.sum()):,} of {len(indicator):,} texts have "
        f"one of them: they all stay in train, and none is left for {name}",
        hint="leave out rare labels, or join them into more general ones",
    )


def _too_few(
    splits: Splits,
    whole: LabelledTexts,
    name: str,
    fraction: float,
    *,
    is_larger_possible: bool,
) -> DataError:
    what, why = "", ""
    if round(fraction * len(whole)):  # there are rows enough, but for their labels or texts
        n_texts = len(set(map(normalise_text, whole.texts)))
        names = set(chain.from_iterable(map(whole.names, range(len(whole)))))
        labels, texts = plural(len(names), "label"), plural(n_texts, "different text")
        what = f" with {labels} and {texts}"
        why = f": each label keeps {KEPT_ROWS} rows in train, and equal texts stay together"
    ways = f"add rows, give a {name} file, or raise --{name}-fraction"
    if not is_larger_possible:
        ways = f"add rows, or give a {name} file"
    return DataError(
        f"the train split of {splits.source} has {plural(len(whole), 'row')}{what}, too few to cut "
        f"a {name} split of {fraction:.0%} from{why}",
        hint=ways,
    )


def _pick_groups(
    groups: np.ndarray,
    label_ids: np.ndarray,
    *,
    wanted: np.ndarray,
    is_free: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Take whole groups in random order as long as no class gets more rows than wanted.

    Parameters
    ----------
    groups, label_ids : int64 arrays of shape (n_rows,)
    wanted : int64 array of shape (n_classes,)
        The most rows to take of each class; fewer are taken only where big groups do not fit.
    is_free : bool array of shape (n_rows,)
        Which rows may be taken.
    rng : numpy Generator

    Returns
    -------
    int64 array
        The rows taken, ascending.
    """
    candidates = np.flatnonzero(is_free)
    # Rows sorted by group: those of the g-th group are by_group[starts[g]:stops[g]].
    by_group = candidates[np.argsort(groups[candidates], kind="stable")]
    starts = np.flatnonzero(np.diff(groups[by_group], prepend=-1))
    stops = np.append(starts[1:], len(by_group))
    n_wanted = wanted.tolist()
    n_left = sum(n_wanted)
    taken: list[int] = []
    for g in rng.permutation(len(starts)).tolist():
        if n_left == 0:
            break
        rows = by_group[starts[g] : stops[g]].tolist()
        labels = label_ids[rows].tolist()
        if all(labels.count(label) <= n_wanted[label] for label in set(labels)):
            for label in labels:
                n_wanted[label] -= 1
            n_left -= len(rows)
            taken += rows
    return np.array(sorted(taken), dtype=np.int64)


def _apportion(shares: np.ndarray, *, total: int) -> np.ndarray:
    """Round `shares` to whole numbers with the sum `total` (largest remainder method).

    Each is within one of its share: 2.5, 1.25 and 1.25 with the total 5 become 3, 1 and 1.
    """
    whole: np.ndarray = np.floor(shares).astype(np.int64)
    by_remainder = np.argsort(-(shares - whole), kind="stable")
    n_missing = max(0, total - int(whole.sum()))
    whole[by_remainder[:n_missing]] += 1
    return whole


def limit_rows(splits: Splits, max_rows: int, *, seed: int) -> Splits:
    """Take at most `max_rows` rows of each split, stratified and seeded, in row order.

    Parameters
    ----------
    splits : Splits
    max_rows : int
        At least two for each class.
    seed : int
        Decides which rows are taken.

    Returns
    -------
    Splits
        Splits that are small enough are the same objects; `drawn_from` counts the texts of
        the others.

    Raises
    ------
    InputError
        `max_rows` cannot hold every class.
    """
    least = KEPT_ROWS * len(splits.label_set)
    if max_rows < least:
        raise InputError(
            f"--max-rows is {max_rows:,}; at least {least:,} are accepted: "
            f"{KEPT_ROWS} for each of the {len(splits.label_set):,} classes"
        )
    parts, drawn_from = {}, {}
    for name, labelled in splits.items():
        if len(labelled) > max_rows:
            drawn_from[name] = len(labelled)
            labelled = labelled.take(_limited_rows(splits, labelled, max_rows, seed=seed))
        parts[name] = labelled
    return replace(splits, parts=parts, drawn_from=drawn_from)


def _limited_rows(
    splits: Splits, labelled: LabelledTexts, max_rows: int, *, seed: int
) -> np.ndarray:
    """Draw the rows of one split that are kept."""
    encoded = splits.label_set.encode(labelled.labels)
    if splits.label_set.task == "single":
        counts = np.bincount(encoded, minlength=len(splits.label_set))
        return _stratified_rows(encoded, counts, max_rows, seed=seed)
    share = max_rows / len(labelled)
    rng = np.random.default_rng([seed, len(CUT_ORDER)])  # not the stream of a cut
    shares = np.array([1 - share, share])
    encoded = encoded[:, splits.label_set.natural_order()]
    is_drawn = share_out(encoded, np.arange(len(labelled)), shares, rng=rng) == 1
    drawn, others = np.flatnonzero(is_drawn), np.flatnonzero(~is_drawn)
    more = rng.permutation(others)[: max(0, max_rows - len(drawn))]
    return np.sort(np.concatenate([rng.permutation(drawn)[:max_rows], more]))


def _stratified_rows(
    label_ids: np.ndarray, counts: np.ndarray, max_rows: int, *, seed: int
) -> np.ndarray:
    """Draw `max_rows` rows: what every class keeps comes first, the rest is shared out by size."""
    kept = np.minimum(counts, KEPT_ROWS)
    spare = counts - kept
    n_spare = max_rows - int(kept.sum())
    quotas = kept + _apportion(spare * (n_spare / max(1, spare.sum())), total=n_spare)
    rng = np.random.default_rng([seed, len(CUT_ORDER)])  # not the stream of a cut
    drawn = []
    for label_id, quota in enumerate(quotas):
        own_rows = np.flatnonzero(label_ids == label_id)
        drawn.append(rng.permutation(own_rows)[:quota])
    return np.sort(np.concatenate(drawn))
