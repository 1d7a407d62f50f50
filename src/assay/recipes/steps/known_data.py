"""Labelled texts compared with a saved model: its labels, and the splits of its training."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.data.labels import list_labels
from assay.data.spellings import find_spellings
from assay.data.split import cut_missing, limit_rows
from assay.data.texts import LabelledTexts, Splits
from assay.errors import DataError, cut, did_you_mean, find_close, plural
from assay.recipes.steps.prepare import DataOptions
from assay.runtime.manifest import Manifest

__all__ = ["check_labels", "cut_as_trained", "load_as_trained", "name_texts"]

WHOLE = "all"  # the split of a lone file
N_UNKNOWN, N_KNOWN = 10, 20  # labels that a message names


def load_as_trained(data: Any, model: str | Path) -> Splits:
    """Load DATA with the options with which the data of a model were read, where they fit.

    Parameters
    ----------
    data : Splits, or anything that `load_data` accepts
        Splits are returned as they are.
    model : path
        A folder; one that is no model of assay remembers nothing.
    """
    if isinstance(data, Splits):
        return data
    return DataOptions().as_trained(model, data).load(data)


def name_texts(source: str, split: str) -> str:
    """Return what messages call the texts of a split; a lone file has no splits.

    >>> name_texts("tweets", "test"), name_texts("tweets.csv", "all")
    ('the test split of tweets', 'tweets.csv')
    """
    return source if split == WHOLE else f"the {split} split of {source}"


def check_labels(labelled: LabelledTexts, known: tuple[str, ...], *, where: str) -> None:
    """Refuse labelled texts with labels that a model does not know.

    Parameters
    ----------
    labelled : LabelledTexts
    known : tuple of str
        The labels of the model.
    where : str
        What the message calls the texts.

    Raises
    ------
    DataError
        Names the unknown labels with the number of their texts.
    """
    counts = labelled.counts()
    unknown = [label for label in counts if label not in known]
    if not unknown:
        return
    pairs = [f"'{cut(label)}' ({plural(counts[label], 'text')})" for label in unknown[:N_UNKNOWN]]
    named = ", ".join(pairs)
    if len(unknown) > N_UNKNOWN:
        named += f" and {len(unknown) - N_UNKNOWN:,} more"
    knows = list_labels(map(cut, known[:N_KNOWN]))
    if len(known) > N_KNOWN:
        knows += " ..."
    merged = _merged(labelled, known)
    raise DataError(
        f"{where} has labels that the model does not know: {named}; it knows {knows}."
        f"{_ask_for_meant(unknown[:N_UNKNOWN], known)}",
        hint=_merging_hint(unknown, merged),
        flags=["--merge-labels"] if merged else [],
    )


def _merging_hint(unknown: Sequence[str], merged: Collection[str]) -> str:
    """Say which unknown labels can be merged; empty if none can."""
    can_be = [label for label in unknown if label in merged]
    if not can_be:
        return ""
    if len(can_be) == len(unknown):
        return "labels that are only written otherwise can be merged"
    listed = ", ".join(f"'{cut(label)}'" for label in can_be[:N_UNKNOWN])
    if len(can_be) > N_UNKNOWN:
        listed += f" and {len(can_be) - N_UNKNOWN:,} more"
    return f"some are only written otherwise and can be merged: {listed}; correct the others"


def _merged(labelled: LabelledTexts, known: Sequence[str]) -> set[str]:
    """Return the labels that `--merge-labels` would make labels of the model."""
    counts = {**dict.fromkeys(known, 0), **labelled.counts()}
    found = find_spellings(counts, preferred=known)
    return {one.label for one in found if one.proposed_label in known}


def _ask_for_meant(unknown: Sequence[str], known: Sequence[str]) -> str:
    """Ask for the known label that is meant by each unknown one, as far as one is close."""
    if len(unknown) == 1:
        return did_you_mean(unknown[0], known)
    pairs = []
    for label in unknown:
        close = find_close(label, known)
        if close is not None:
            pairs.append(f"'{cut(close)}' by '{cut(label)}'")
    return f" Did you mean {', '.join(pairs)}?" if pairs else ""


def cut_as_trained(splits: Splits, manifest: Manifest) -> Splits:
    """Cut a single file again as training did.

    Other data, and files that were cut in another way, stay as they are: the fingerprint of the
    train split tells.
    """
    if list(splits) != ["all"] or any(claim["split"] == "all" for claim in manifest.scores):
        return splits
    how = manifest.training_data.get("cut", {})
    try:
        cut = cut_missing(
            splits,
            seed=manifest.seed,
            validation_fraction=how.get("validation_fraction", 0.1),
            test_fraction=how.get("test_fraction", 0.1),
        )
        if "max_rows" in how:
            cut = limit_rows(cut, how["max_rows"], seed=manifest.seed)
    except DataError:  # too few rows to be cut at all
        return splits
    return cut if _is_train(cut["train"], manifest.training_data) else splits


def _is_train(train: LabelledTexts, recorded: Mapping[str, Any]) -> bool:
    """Tell whether these are the texts that a model was trained on."""
    if train.sha256() == recorded.get("sha256"):
        return True
    # Where labels of train were corrected, the texts alone have a fingerprint of their own.
    texts_sha256 = recorded.get("texts_sha256")
    return texts_sha256 is not None and train.sha256(with_labels=False) == texts_sha256
