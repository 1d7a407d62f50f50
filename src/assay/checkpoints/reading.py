"""How well a tokenizer reads texts, and whether its checkpoint knows their language."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assay.catalogue import Fact, FactValue, open_language
from assay.checkpoints.aliases import E5, MINILM
from assay.checkpoints.folder import Checkpoint
from assay.checkpoints.resolve import load_tokenizer
from assay.data.main_languages import draw_sample, sample_languages
from assay.errors import MissingDependencyError
from assay.tokenization.scripts import count_scripts
from assay.tokenization.subwords import SubwordTokenizer

__all__ = [
    "Reading",
    "describe_reading",
    "measure_reading",
    "measure_tokens",
    "reading_fact",
    "warn_of_reading",
]

logger = logging.getLogger(__name__)

# Measured on twelve languages: `e5` has no unknown tokens and at most 0.8 tokens per character;
# `minilm` has 0.3 on English, and on others 3 % and more of unknown tokens, or 0.95 and more tokens
# per character.
MAX_UNKNOWN_FRACTION, MAX_TOKENS_PER_CHARACTER = 0.02, 0.9
# A shorter text says little, unless the checkpoint cannot read most of it.
MIN_CHARACTERS, MAX_UNKNOWN_OF_SHORT = 10, 0.5
MIN_LANGUAGE_FRACTION = 0.5  # share of the texts from which a language is that of the texts

# ISO 639 codes of the languages that each checkpoint was trained on, and of close relatives. Source
# for `e5`: those of XLM-R, arXiv:1911.02116, appendix A.
LANGUAGES_OF_E5 = """
    af am ar ary arz as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fr fy ga gd gl gu
    ha he hi hr hu hy id is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl
    nn no om or pa pcm pl ps pt ro ru sa sd si sk sl so sq sr su sv sw ta te th tl tr ug uk ur uz vi
    wuu xh yi yue zh
"""
KNOWN_LANGUAGES = {MINILM: {"en", "pcm"}, E5: set(LANGUAGES_OF_E5.split())}


@dataclass(frozen=True)
class Reading:
    """How a checkpoint reads a sample of texts.

    Parameters
    ----------
    checkpoint : str
    n_tokens, n_unknown : int
        Tokens of the texts, special tokens left out, and those that stand for what the vocabulary
        cannot spell.
    n_characters : int
        Characters, white space left out.
    strange_language : str or None
        The ISO 639 code of the language of most texts, if the checkpoint does not know it.
    script : str
        The script of most letters; empty where there are none.
    """

    checkpoint: str
    n_tokens: int
    n_unknown: int
    n_characters: int
    strange_language: str | None = None
    script: str = ""

    @property
    def unknown_fraction(self) -> float:
        """Share of unknown tokens, 0 to 1."""
        return self.n_unknown / max(1, self.n_tokens)

    @property
    def tokens_per_character(self) -> float:
        """About 0.3 where words are in the vocabulary, and 1 where letters are read one by one."""
        return self.n_tokens / max(1, self.n_characters)

    @property
    def is_bad(self) -> bool:
        """Whether another checkpoint would read the texts better."""
        if self.n_characters < MIN_CHARACTERS:
            return self.unknown_fraction >= MAX_UNKNOWN_OF_SHORT
        has_unknown = self.unknown_fraction >= MAX_UNKNOWN_FRACTION
        is_cut_up = self.tokens_per_character >= MAX_TOKENS_PER_CHARACTER
        return has_unknown or is_cut_up or self.strange_language is not None


def measure_reading(checkpoint: Checkpoint, texts: Sequence[str], *, seed: int = 0) -> Reading:
    """Measure how a checkpoint reads a seeded sample of texts."""
    found = measure_tokens(checkpoint.name, load_tokenizer(checkpoint), texts, seed=seed)
    return replace(found, strange_language=_strange_language(checkpoint.name, texts, seed=seed))


def measure_tokens(
    name: str, tokenizer: SubwordTokenizer, texts: Sequence[str], *, seed: int = 0
) -> Reading:
    """Measure what a checkpoint's tokenizer makes of a seeded sample; no language is told."""
    sample = draw_sample(texts, seed=seed)
    encoded = tokenizer.encode_texts(sample)
    n_special = tokenizer.count_tokens([""])[0] * len(sample)
    n_unknown = int((encoded.ids == tokenizer.unknown_id).sum())
    return Reading(
        checkpoint=name,
        n_tokens=len(encoded.ids) - n_special,
        n_unknown=n_unknown,
        n_characters=sum(len("".join(text.split())) for text in sample),
        script=next(iter(count_scripts(sample)), ""),
    )


def _strange_language(name: str, texts: Sequence[str], *, seed: int) -> str | None:
    if name not in KNOWN_LANGUAGES:
        return None
    try:
        sample = sample_languages(texts, seed=seed)
    except MissingDependencyError:
        return None
    language = sample.main_language(MIN_LANGUAGE_FRACTION)
    return None if language in KNOWN_LANGUAGES[name] else language


def reading_fact(reading: Reading) -> Fact | None:
    """Return the fact that the texts are read badly, in numbers; None if they are read well."""
    if not reading.is_bad:
        return None
    values: dict[str, FactValue] = {
        "checkpoint": reading.checkpoint,
        "unknown": reading.unknown_fraction,
        "per_character": reading.tokens_per_character,
    }
    kind = "e5_reads_badly" if reading.checkpoint == E5 else "reads_badly"
    if reading.strange_language is not None:
        values["language"] = reading.strange_language
        kind += "_language"
    return Fact(f"checkpoint.{kind}", values)


def describe_reading(reading: Reading) -> str:
    """Return an English warning with what to do; empty where the texts are read well."""
    fact = reading_fact(reading)
    return "" if fact is None else f"warning: {open_language('en').tell(fact)}"


_warned: set[tuple[str, str]] = set()  # checkpoints with scripts that were warned of


def warn_of_reading(reading: Reading, *, repeats: bool = False) -> None:
    """Log that texts are read badly, if they are.

    Parameters
    ----------
    reading : Reading
    repeats : bool
        Log it although the same checkpoint was warned of before, with texts of the same script. A
        search fits many times, and a command has said it before it fits.
    """
    told = reading.checkpoint, reading.script
    warning = describe_reading(reading)
    if not warning or (told in _warned and not repeats):
        return
    _warned.add(told)
    logger.warning("%s", warning.removeprefix("warning: "))
