"""Texts that a model and its copy are compared on: held-out, kept in the model, or made up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.data.several_texts import SeveralLabelledTexts
from assay.data.texts import LabelledTexts, Splits
from assay.errors import AssayError
from assay.recipes.steps.known_data import check_labels, cut_as_trained, load_as_trained
from assay.runtime.layout import Layout
from assay.runtime.predictor import Model

__all__ = ["ParityTexts", "count_texts", "find_parity_texts"]

logger = logging.getLogger(__name__)

N_TEXTS = 500  # so many are made up, and taken of those that a model keeps
MAX_PIECES = 60  # of a made-up text: short and long ones, as people write them
KEPT, MADE = "training texts it keeps", "texts made of its vocabulary"


@dataclass(frozen=True)
class ParityTexts:
    """Texts that a model and its copy are compared on.

    Parameters
    ----------
    split : str
        What they are: a split of data, or in words where they are not held out.
    labelled : LabelledTexts
        Texts that were made up have labels that mean nothing.
    has_labels : bool
        Whether accuracy can be told.
    is_held_out : bool
        Whether accuracy on them is a score that may be recorded.
    """

    split: str
    labelled: LabelledTexts
    has_labels: bool = True
    is_held_out: bool = True


def find_parity_texts(model: Model, data: Any, split: str) -> ParityTexts:
    """Return the texts to compare on, the best that there are.

    Parameters
    ----------
    model : Model
        One with a tokenizer.
    data : Splits, or anything that `load_data` accepts, optional
        Labelled texts, read as the data of the model were read. None: what the model was trained
        on, if that can be read here; else the training texts that it keeps; else texts made of its
        vocabulary.
    split : str
        Which split of the data is taken.

    Raises
    ------
    DataError
        The given data cannot be read, lacks the split, or has labels that the model does not know.
    """
    if data is not None:
        return _held_out(model, load_as_trained(data, model.folder), split)
    source = str(model.manifest.training_data.get("source", ""))
    try:
        return _held_out(model, load_as_trained(source, model.folder), split)
    except AssayError as err:
        found = _kept(model) or _made(model)
        logger.warning(
            "the data that %s was trained on ('%s') cannot be used here, so it is compared on %s: "
            "%s",
            model.folder,
            source,
            found.split,
            err.message,
        )
        return found


def count_texts(n_texts: int, split: str) -> str:
    """Return how many texts were compared, and which.

    >>> count_texts(40, "test"), count_texts(500, MADE)
    ('40 texts of test', '500 texts made of its vocabulary')
    """
    if split in (KEPT, MADE):
        return f"{n_texts:,} {split}"
    return f"{n_texts:,} texts of {split}"


def _held_out(model: Model, splits: Splits, split: str) -> ParityTexts:
    splits = cut_as_trained(splits, model.manifest)
    name = "all" if list(splits) == ["all"] else split
    labelled = splits[name]
    check_labels(labelled, model.labels, where=f"the {name} split of {splits.source}")
    return ParityTexts(name, labelled)


def _kept(model: Model) -> ParityTexts | None:
    """Return evenly spaced training texts that the model keeps; None if it keeps none."""
    kept = model.training_texts
    if kept is None or not kept.texts:
        return None
    step = -(-len(kept.texts) // N_TEXTS)
    labelled = _label(model, kept.texts[::step], kept.label_ids[::step])
    return ParityTexts(KEPT, labelled, is_held_out=False)


def _label(
    model: Model, texts: Sequence[str], label_ids: Sequence[int | tuple[int, ...]]
) -> LabelledTexts:
    """Return texts with labels of the model, given by their numbers."""
    if model.label_set.task == "single":
        names = tuple(model.labels[one] for one in label_ids if isinstance(one, int))
        return LabelledTexts(tuple(texts), names)
    sets = []
    for own in label_ids:
        numbers = own if isinstance(own, tuple) else (own,)
        sets.append(tuple(sorted(model.labels[one] for one in numbers)))
    return SeveralLabelledTexts(tuple(texts), tuple(sets))


def _made(model: Model) -> ParityTexts:
    """Return texts of pieces that are drawn from the model's vocabulary, seeded."""
    pieces = _pieces(Layout(model.folder).tokenizer)
    draw = np.random.default_rng(model.manifest.seed)
    texts = []
    for n_pieces in draw.integers(1, MAX_PIECES + 1, size=N_TEXTS):
        chosen = draw.integers(0, len(pieces), size=n_pieces)
        texts.append(" ".join(pieces[i] for i in chosen))
    labelled = _label(model, texts, [0] * N_TEXTS)
    return ParityTexts(MADE, labelled, has_labels=False, is_held_out=False)


def _pieces(path: Path) -> list[str]:
    """Return the pieces of a tokenizer as they are in texts, in the order of their ids."""
    from tokenizers import Tokenizer

    vocabulary: dict[str, int] = Tokenizer.from_file(str(path)).get_vocab()
    pieces = sorted(vocabulary, key=lambda piece: vocabulary[piece])
    bare = (piece.removeprefix("##").replace("▁", "") for piece in pieces)
    return [piece for piece in bare if piece and not piece.startswith(("[", "<"))] or ["a"]
