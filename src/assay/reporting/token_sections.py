"""The sections of a report about tokens: one text taken apart, and how many texts a model cuts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assay.data.texts import LabelledTexts, Splits
from assay.methods import methods_where
from assay.runtime.layout import Layout
from assay.runtime.predictor import Model
from assay.tokenization.subwords import SubwordTokenizer
from assay.tokenization.words import split_words, word_unit

__all__ = [
    "Characters",
    "NamedTokenizer",
    "Subwords",
    "TokenSection",
    "TruncationSection",
    "Words",
    "describe_tokens",
    "describe_truncation",
    "find_tokenizer",
]

EXAMPLE_CHARS = 120  # length up to which a text is shown as the example


@dataclass(frozen=True)
class NamedTokenizer:
    """A subword tokenizer, and the checkpoint or method that it belongs to."""

    tokenizer: SubwordTokenizer
    name: str


@dataclass(frozen=True)
class Characters:
    """A text as characters."""

    n_tokens: int
    n_distinct: int
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """A text as words; `unit` says what these are, see `word_unit`."""

    n_tokens: int
    tokens: tuple[str, ...]
    unit: str = "words"


@dataclass(frozen=True)
class Subwords:
    """A text as subwords; `max_tokens` is what the model reads at once."""

    checkpoint: str
    vocabulary_size: int
    max_tokens: int
    n_tokens: int
    tokens: tuple[str, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True)
class TokenSection:
    """One text taken apart in three ways."""

    text: str
    characters: Characters
    words: Words
    subwords: Subwords


@dataclass(frozen=True)
class TruncationSection:
    """How many train texts are longer than the model reads.

    Parameters
    ----------
    max_tokens : int
    fraction : float
        The share of all train texts.
    per_class : mapping of label to float
        The share of the train texts of each label.
    """

    max_tokens: int
    fraction: float
    per_class: Mapping[str, float]


def find_tokenizer(models: Sequence[Model]) -> NamedTokenizer | None:
    """Return the tokenizer of a model that reads subwords. None if no model does.

    The most expensive method comes first: the vocabulary of a checkpoint before one that was
    learnt from train.
    """
    by_method = {model.method: model for model in models}
    for method in reversed(methods_where(lambda method: method.has_tokenizer)):
        if method not in by_method:
            continue
        model = by_method[method]
        tokenizer = SubwordTokenizer.from_file(
            Layout(model.folder).tokenizer, max_tokens=model.manifest.tokenization["max_tokens"]
        )
        checkpoint = model.manifest.checkpoint
        return NamedTokenizer(tokenizer, method if checkpoint is None else checkpoint["name"])
    return None


def describe_tokens(train: LabelledTexts, named: NamedTokenizer) -> TokenSection:
    """Take one short text of train apart."""
    short = (text for text in train.texts if len(text) <= EXAMPLE_CHARS)
    text = next(short, train.texts[0][:EXAMPLE_CHARS])
    words, tokenizer = split_words(text), named.tokenizer
    ids, tokens = tokenizer.encode(text)
    return TokenSection(
        text=text,
        characters=Characters(len(text), len(set(text)), tuple(text)),
        words=Words(len(words), tuple(words), word_unit([text])),
        subwords=Subwords(
            checkpoint=named.name,
            vocabulary_size=tokenizer.vocabulary_size,
            max_tokens=tokenizer.max_tokens,
            n_tokens=len(ids),
            tokens=tuple(tokens),
            ids=tuple(ids),
        ),
    )


def describe_truncation(splits: Splits, tokenizer: SubwordTokenizer) -> TruncationSection:
    """Count the train texts that are longer than the model reads."""
    train = splits["train"]
    is_cut = np.asarray(tokenizer.count_tokens(train.texts)) > tokenizer.max_tokens
    label_ids = splits.label_set.ids(train.labels)
    per_class = {}
    for i, name in enumerate(splits.label_set):
        own = is_cut[label_ids == i]
        if len(own):
            per_class[name] = float(own.mean())
    return TruncationSection(tokenizer.max_tokens, float(is_cut.mean()), per_class)
