"""Character tokens: every character is a token, and the vocabulary is the characters of the texts.

The simplest tokenization there is: no unknown words, but long sequences that say nothing about
words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assay.errors import InputError, list_problems

__all__ = ["CharacterTokenizer"]


@dataclass(frozen=True)
class CharacterTokenizer:
    """One token per character (Unicode code point), ids in sorted order of the characters.

    Parameters
    ----------
    vocabulary : tuple of str
        The characters, sorted; the position is the id.

    Examples
    --------
    >>> tokenizer = CharacterTokenizer.from_texts(["abba"])
    >>> tokenizer.encode("baa")
    [1, 0, 0]
    >>> tokenizer.one_hot("baa").shape
    (3, 2)
    """

    vocabulary: tuple[str, ...]

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> CharacterTokenizer:
        """Learn the sorted vocabulary of all characters in `texts`."""
        if isinstance(texts, str):
            raise InputError(
                "texts is one text; a sequence of texts is accepted", hint="write [text]"
            )
        return cls(tuple(sorted(set().union(*texts))))

    @property
    def vocabulary_size(self) -> int:
        """How many different characters there are."""
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """Return the id of every character of `text`.

        Raises
        ------
        InputError
            A character is not in the vocabulary; all of them are named, with their first position.
        """
        ids = {character: i for i, character in enumerate(self.vocabulary)}
        if unknown := set(text) - ids.keys():
            first_positions = sorted(map(text.index, unknown))
            problems = [f"{text[i]!r} at position {i}" for i in first_positions]
            raise InputError(
                f"the text holds characters that the vocabulary of {self.vocabulary_size} "
                f"does not:\n{list_problems(problems)}",
                hint="learn the vocabulary from texts that hold them",
            )
        return [ids[character] for character in text]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text that `ids` spell.

        Raises
        ------
        InputError
            An id is outside of the vocabulary.
        """
        for i in ids:
            if not 0 <= i < self.vocabulary_size:
                raise InputError(
                    f"id {i} is not in the vocabulary; "
                    f"ids from 0 to {self.vocabulary_size - 1} are accepted"
                )
        return "".join(self.vocabulary[i] for i in ids)

    def one_hot(self, text: str) -> np.ndarray:
        """Return one row per token with one 1, float32 of shape (n_tokens, vocabulary_size)."""
        ids = np.asarray(self.encode(text), dtype=np.int64)
        return np.eye(self.vocabulary_size, dtype=np.float32)[ids]
