"""Character tokens: every character is a token, the vocabulary is whatever characters the texts hold.

The simplest tokenization there is: no unknown words, but long sequences that say nothing of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from assay.errors import InputError, list_problems

__all__ = ["CharacterTokenizer"]


@dataclass(frozen=True)
class CharacterTokenizer:
    """One token a character (Unicode code point), ids in sorted order of the characters.

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
            first_seen = sorted(unknown, key=text.index)
            problems = [
                f"{character!r} at position {text.index(character)}" for character in first_seen
            ]
            raise InputError(
                f"the text holds characters that the vocabulary of {self.vocabulary_size} does not:\n"
                f"{list_problems(problems)}",
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
                    f"id {i} is not in the vocabulary; ids from 0 to {self.vocabulary_size - 1} are accepted"
                )
        return "".join(self.vocabulary[i] for i in ids)

    def one_hot(self, text: str) -> np.ndarray:
        """Return one row a token with a single 1, float32 of shape (n_tokens, vocabulary_size)."""
        return np.eye(self.vocabulary_size, dtype=np.float32)[
            np.asarray(self.encode(text), dtype=np.int64)
        ]
