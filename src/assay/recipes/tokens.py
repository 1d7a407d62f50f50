"""One text seen as characters, as words and as the subwords of a checkpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay._arguments import checked
from assay._display import Brief, html_block, html_table
from assay.checkpoints import load_tokenizer, resolve_checkpoint
from assay.checkpoints.aliases import AUTO
from assay.checkpoints.auto import choose_checkpoint
from assay.checkpoints.reading import describe_reading, measure_reading
from assay.errors import InputError
from assay.progress import Progress
from assay.tokenization import CharacterTokenizer, split_words

__all__ = ["Characters", "Subwords", "TokensResult", "Words", "show_tokens"]


@dataclass(frozen=True, repr=False)
class Characters(Brief):
    """A text as characters.

    Parameters
    ----------
    vocabulary : tuple of str
        The distinct characters of the text, sorted; ids are positions in it.
    one_hot_shape : (n_tokens, n_symbols)
    round_trip : bool
        Whether the tokens give exactly the same text again.
    """

    tokens: tuple[str, ...]
    vocabulary: tuple[str, ...]
    ids: tuple[int, ...]
    one_hot_shape: tuple[int, int]
    round_trip: bool


@dataclass(frozen=True, repr=False)
class Words(Brief):
    """A text as words; the round trip joins them with single spaces."""

    tokens: tuple[str, ...]
    round_trip: bool


@dataclass(frozen=True, repr=False)
class Subwords(Brief):
    """A text as subwords of a checkpoint.

    Parameters
    ----------
    ids, tokens
        Special tokens included, cut at `max_tokens`.
    n_tokens : int
        Number of tokens of the whole text, before it is cut.
    n_unknown : int
        Number of unknown tokens, for what the vocabulary cannot spell.
    decoded : str
        The text that the ids spell, without special tokens.
    """

    checkpoint: str
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    decoded: str
    round_trip: bool
    n_tokens: int
    n_unknown: int
    vocabulary_size: int
    max_tokens: int


@dataclass(frozen=True, repr=False)
class TokensResult(Brief):
    """One text in three tokenizations."""

    text: str
    characters: Characters
    words: Words
    subwords: Subwords

    def _repr_html_(self) -> str:
        characters, words, subwords = self.characters, self.words, self.subwords
        rows = [
            {
                "unit": "characters",
                "tokens": len(characters.tokens),
                "as tokens": " ".join(characters.tokens),
            },
            {"unit": "words", "tokens": len(words.tokens), "as tokens": " | ".join(words.tokens)},
            {
                "unit": f"subwords of {subwords.checkpoint}",
                "tokens": subwords.n_tokens,
                "as tokens": " | ".join(subwords.tokens),
            },
        ]
        return html_block("Tokens", self.text, html_table(rows))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@checked
def show_tokens(
    text: str,
    *,
    checkpoint: str | Path = AUTO,
    revision: str | None = None,
    progress: Progress | None = None,
) -> TokensResult:
    """Tokenize one text in three ways and back again.

    Parameters
    ----------
    checkpoint : str or Path
        Whose subwords: `auto` (by the language of the text), `minilm`, `e5`, a local folder, a
        Hub id.

    Raises
    ------
    InputError
        `text` is not one text, or there is no such checkpoint.
    ModelError
        The checkpoint is broken or unsafe.
    """
    if not isinstance(text, str):
        raise InputError(f"text is {type(text).__name__}; one text (str) is accepted")
    chosen = checkpoint
    if checkpoint == AUTO:
        chosen = choose_checkpoint(checkpoint, [text]).checkpoint
    found = resolve_checkpoint(chosen, revision=revision, progress=progress)
    warning = describe_reading(measure_reading(found, [text]))
    if warning and progress is not None:
        progress.say(warning)
    tokenizer = load_tokenizer(found)
    ids, tokens = tokenizer.encode(text)
    decoded = tokenizer.decode(ids)
    subwords = Subwords(
        checkpoint=found.name,
        ids=tuple(ids),
        tokens=tuple(tokens),
        decoded=decoded,
        round_trip=decoded == text,
        n_tokens=tokenizer.count_tokens([text])[0],
        n_unknown=sum(token_id == tokenizer.unknown_id for token_id in ids),
        vocabulary_size=tokenizer.vocabulary_size,
        max_tokens=tokenizer.max_tokens,
    )
    return TokensResult(text, _characters(text), _words(text), subwords)


def _characters(text: str) -> Characters:
    tokenizer = CharacterTokenizer.from_texts([text])
    ids = tokenizer.encode(text)
    return Characters(
        tokens=tuple(text),
        vocabulary=tokenizer.vocabulary,
        ids=tuple(ids),
        one_hot_shape=(len(ids), tokenizer.vocabulary_size),
        round_trip=tokenizer.decode(ids) == text,
    )


def _words(text: str) -> Words:
    words = split_words(text)
    return Words(tuple(words), round_trip=" ".join(words) == text)
