"""`auto`: the transformer that fits the language of the training texts.

It is chosen once, when the texts are loaded. Whatever is kept (cached features, saved models,
results) knows only the checkpoint that it became.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypedDict

from assay.catalogue import Fact, FactValue, open_language
from assay.checkpoints.aliases import AUTO, E5, MINILM
from assay.checkpoints.folder import Checkpoint
from assay.checkpoints.resolve import load_tokenizer, resolve_checkpoint
from assay.data.main_languages import (
    NO_LANGUAGE,
    LanguageSample,
    draw_sample,
    sample_languages,
)
from assay.errors import MissingDependencyError

__all__ = [
    "AUTO",
    "CheckpointChoice",
    "CheckpointChoiceEntry",
    "choice_fact",
    "choose_checkpoint",
    "describe_choice",
]

ENGLISH = "en"
LEAST_ENGLISH = 0.9  # share of the texts from which the English checkpoint is taken
MAX_LANGUAGES = 3  # that a sentence names
ALL_NAMED = 0.995  # share of the languages named from which the others would round to 0 %
# Share of the words in the vocabulary of `minilm`, below which ASCII texts are not taken for
# English. Measured: dev/LOG.md, "Languages in Latin letters that no classifier names".
LEAST_KNOWN = 0.5
LEAST_WORDS = 5  # fewer say nothing
WORD = re.compile("[a-z]+")

Reason = Literal["given", "english", "languages", "ascii", "few_english", "not_ascii"]


class CheckpointChoiceEntry(TypedDict):
    """A `CheckpointChoice` as JSON holds it; `languages` are pairs of a code and its share."""

    checkpoint: str
    reason: Reason
    n_texts: int
    n_told: int
    english_fraction: float
    languages: list[list[str | float]]


@dataclass(frozen=True)
class CheckpointChoice:
    """Which checkpoint is used, and why: facts, so that any language can say them.

    Parameters
    ----------
    checkpoint : str
        An alias, a folder or a Hub id.
    reason : str
        `given`: it was asked for. `english`: at least nine tenths of the texts are English.
        `languages`: fewer are. `ascii`, `few_english`, `not_ascii`: no language can be told, and
        the texts are plain ASCII, or ASCII whose words are mostly in no English vocabulary, such as
        Hindi in Latin letters, or not ASCII.
    n_texts : int
        Training texts that were looked at; 0 where the checkpoint was given.
    n_told : int
        How many of them are in a language that can be told.
    english_fraction : float
        Share of English among those, 0 to 1.
    languages : tuple of (str, float)
        The most frequent languages as ISO 639 codes, with their shares.
    """

    checkpoint: str
    reason: Reason = "given"
    n_texts: int = 0
    n_told: int = 0
    english_fraction: float = 0.0
    languages: tuple[tuple[str, float], ...] = ()

    @property
    def is_automatic(self) -> bool:
        """Whether the texts decided."""
        return self.reason != "given"

    def to_dict(self) -> CheckpointChoiceEntry:
        """Return plain values, ready for JSON."""
        return {
            "checkpoint": self.checkpoint,
            "reason": self.reason,
            "n_texts": self.n_texts,
            "n_told": self.n_told,
            "english_fraction": self.english_fraction,
            "languages": [[code, fraction] for code, fraction in self.languages],
        }

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> CheckpointChoice:
        """Return the choice of which `to_dict` told."""
        languages = tuple(map(tuple, facts["languages"]))
        return cls(**{**facts, "languages": languages})


def choose_checkpoint(
    name: str | Path | Checkpoint, texts: Sequence[str], *, seed: int = 0
) -> CheckpointChoice:
    """Say which checkpoint `auto` is for these texts; any other name stays what it is.

    Parameters
    ----------
    name : str, Path or Checkpoint
        `auto`, or what `resolve_checkpoint` accepts.
    texts : sequence of str
        The training texts.
    seed : int
        Seed of the sample that is looked at.
    """
    if name != AUTO:
        return CheckpointChoice(name.name if isinstance(name, Checkpoint) else str(name))
    try:
        sample = sample_languages(texts, seed=seed)
    except MissingDependencyError:  # then the alphabet has to do
        looked_at = draw_sample(texts, seed=seed)
        is_ascii = all(text.isascii() for text in looked_at)
        sample = LanguageSample(len(looked_at), {}, is_ascii)
    choice = CheckpointChoice(
        checkpoint=E5,
        n_texts=sample.n_texts,
        n_told=sample.n_told,
        english_fraction=sample.fraction(ENGLISH),
        languages=tuple((code, sample.fraction(code)) for code in [*sample.counts][:MAX_LANGUAGES]),
    )
    if not sample.n_told:
        if not sample.is_ascii:
            return replace(choice, reason="not_ascii")
        if _has_few_english_words(texts, seed=seed):
            return replace(choice, reason="few_english")
        return replace(choice, checkpoint=MINILM, reason="ascii")
    if choice.english_fraction >= LEAST_ENGLISH:
        return replace(choice, checkpoint=MINILM, reason="english")
    return replace(choice, reason="languages")


def _has_few_english_words(texts: Sequence[str], *, seed: int) -> bool:
    """Tell whether most words of ASCII texts are not in the vocabulary of the English checkpoint.

    It has 90 % and more of the words of English messages, and 56 % of sentences about drugs.
    """
    joined = " ".join(draw_sample(texts, seed=seed))
    words = WORD.findall(NO_LANGUAGE.sub(" ", joined).lower())
    if len(words) < LEAST_WORDS:
        return False
    try:
        vocabulary = load_tokenizer(resolve_checkpoint(MINILM)).tokenizer
    except MissingDependencyError:
        return False
    n_known = sum(vocabulary.token_to_id(word) is not None for word in words)
    return n_known < LEAST_KNOWN * len(words)


def choice_fact(choice: CheckpointChoice) -> Fact:
    """Return the fact that says which checkpoint is used, and why."""
    if choice.reason not in ("english", "languages"):
        return Fact(f"checkpoint.{choice.reason}", {"checkpoint": choice.checkpoint})
    values: dict[str, FactValue] = {
        "checkpoint": choice.checkpoint,
        "english": choice.english_fraction,
        "n": choice.n_told,
    }
    if choice.reason == "languages":
        found = [f"{code} {fraction:.0%}" for code, fraction in choice.languages]
        if sum(fraction for _, fraction in choice.languages) < ALL_NAMED:
            found.append("…")
        values["listed"] = ", ".join(found)
    suffix = "_of_told" if choice.n_told < choice.n_texts else ""
    return Fact(f"checkpoint.{choice.reason}{suffix}", values)


def describe_choice(choice: CheckpointChoice) -> str:
    """Return one English sentence: which checkpoint, and why. Empty where it was given."""
    if not choice.is_automatic:
        return ""
    return open_language("en").tell(choice_fact(choice))
