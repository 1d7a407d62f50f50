"""Subword tokens, through the `tokenizers` library: as the checkpoint's own tokenizer.json says.

Truncation and padding that a tokenizer.json sets are cleared, so that only the caller's truncation
holds (the file of all-MiniLM-L6-v2 would pad every text to 128 tokens).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers

from assay.errors import InputError, ModelError, first_line
from assay.tokenization.batches import EncodedTexts
from assay.tokenization.composed import compose
from assay.tokenization.pieces import PieceTable, is_local
from assay.tokenization.window import Windows

__all__ = ["SubwordTokenizer", "encodable"]

# BERT kind, RoBERTa kind, GPT kind, two Llama kinds
PAD_TOKENS = ("[PAD]", "<pad>", "<|endoftext|>", "</s>", "<|end_of_text|>")
SPLIT_TEXTS = 10_000  # that are split into pieces at once
UNKNOWN_TOKENS = ("[UNK]", "<unk>")


class SubwordTokenizer:
    """A checkpoint's tokenizer with an explicit limit.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
    max_tokens : int
        Most tokens per text, special tokens included; longer texts are cut at the end.

    Raises
    ------
    InputError
        `max_tokens` leaves no room for a token of the text beside the special tokens.
    """

    def __init__(self, tokenizer: tokenizers.Tokenizer, *, max_tokens: int) -> None:
        n_special = int(tokenizer.num_special_tokens_to_add(False))
        if max_tokens <= n_special:  # `tokenizers` would then cut nothing at all
            raise InputError(f"max_tokens is {max_tokens}; at least {n_special + 1} is accepted")
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens)
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self._n_special = n_special
        self._composes = _has_charsmap(tokenizer)
        self._table = self._make_table()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_table": None}  # it can be made again

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._table = self._make_table()

    def _make_table(self) -> PieceTable | None:
        """Return an empty table of pieces; None if this tokenizer cannot be used with one."""
        # The table holds `tokenizer`, not `self`: in a reference cycle it would outlive its model
        # until the next garbage collection.
        tokenizer = self.tokenizer
        if not is_local(tokenizer):
            return None

        def encode_pieces(pieces: list[str]) -> list[list[int]]:
            clean = list(map(encodable, pieces))
            with _without_panics():
                encodings = tokenizer.encode_batch_fast(clean, add_special_tokens=False)
            return [encoding.ids for encoding in encodings]

        with _without_panics():
            end_ids = tokenizer.encode("").ids
        return PieceTable(encode_pieces, end_ids=end_ids, max_ids=self.max_tokens)

    @classmethod
    def from_file(cls, path: Path, *, max_tokens: int) -> SubwordTokenizer:
        """Load a tokenizer.json.

        Raises
        ------
        ModelError
            The file cannot be read as a tokenizer.
        """
        try:
            tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except BaseException as err:  # tokenizers raises bare Exception, and its panics are none
            if isinstance(err, KeyboardInterrupt | SystemExit):
                raise
            raise ModelError(f"{path} cannot be read as a tokenizer: {err}") from err
        return cls(tokenizer, max_tokens=max_tokens)

    @property
    def vocabulary_size(self) -> int:
        """How many different tokens there are, added tokens included."""
        return int(self.tokenizer.get_vocab_size())

    @property
    def kind(self) -> str:
        """What the tokens are: ``words`` or ``word pieces``."""
        if type(self.tokenizer.model).__name__ == "WordLevel":
            return "words"
        return "word pieces"

    @property
    def pad_id(self) -> int:
        """The id that fills up a batch; 0 if the vocabulary has no padding token: it is masked."""
        return self._first_id(PAD_TOKENS) or 0

    @property
    def has_pad_token(self) -> bool:
        """Whether `pad_id` is a token that no text has."""
        return self._first_id(PAD_TOKENS) is not None

    @property
    def unknown_id(self) -> int | None:
        """The id of text that the vocabulary cannot spell; None if it can spell everything."""
        return self._first_id(UNKNOWN_TOKENS)

    def _first_id(self, tokens: Sequence[str]) -> int | None:
        for token in tokens:
            if (token_id := self.tokenizer.token_to_id(token)) is not None:
                return int(token_id)
        return None

    def encode(self, text: str) -> tuple[list[int], list[str]]:
        """Return the ids and the tokens of one text, special tokens included."""
        with _without_panics():
            encoding = self.tokenizer.encode(self._readable(text))
        return list(encoding.ids), list(encoding.tokens)

    def encode_texts(self, texts: Sequence[str]) -> EncodedTexts:
        """Encode many texts, unpadded; longer texts are cut at the limit."""
        if self._table is not None:
            # Split texts take twenty times the memory of their ids: only some are split at once
            starts = range(0, max(1, len(texts)), SPLIT_TEXTS)
            parts = [self._table.encode(texts[i : i + SPLIT_TEXTS]) for i in starts]
            ids, lengths = map(np.concatenate, zip(*parts, strict=True))
            return EncodedTexts(ids, np.concatenate([[0], np.cumsum(lengths)]))
        return EncodedTexts.from_lists([encoding.ids for encoding in self._encodings(texts)])

    def encode_windows(self, texts: Sequence[str]) -> Windows:
        """Encode many texts, unpadded; a text over the limit becomes several windows."""
        windows = []
        counts = []
        for encoding in self._encodings(texts):
            own = [encoding, *encoding.overflowing]
            windows += [window.ids for window in own]
            counts.append(len(own))
        encoded = EncodedTexts.from_lists(windows)
        n_windows = np.asarray(counts, dtype=np.int64)
        starts = np.cumsum(n_windows) - n_windows
        return Windows(encoded, starts, np.maximum(encoded.lengths - self._n_special, 1.0))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has before it is cut, special tokens included."""
        # The cut-off rest is kept in `overflowing`, in pieces with special tokens of their own.
        # Switching truncation off and on instead would let another thread encode without a limit.
        counts = []
        for encoding in self._encodings(texts):
            cut_off = [len(piece) - self._n_special for piece in encoding.overflowing]
            counts.append(len(encoding) + sum(cut_off))
        return counts

    def _encodings(self, texts: Sequence[str]) -> list[tokenizers.Encoding]:
        clean = list(map(self._readable, texts))
        with _without_panics():
            return list(self.tokenizer.encode_batch_fast(clean))

    def _readable(self, text: str) -> str:
        """Return the text as the tokenizer can read it."""
        return encodable(compose(text) if self._composes else text)

    def save(self, path: Path) -> None:
        """Write tokenizer.json with this limit as its truncation, and no padding."""
        self.tokenizer.save(str(path))

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text that `ids` spell, without special tokens."""
        return str(self.tokenizer.decode(list(ids)))


def _has_charsmap(tokenizer: tokenizers.Tokenizer) -> bool:
    """Tell whether letters are replaced by SentencePiece's map, which does not compose them."""
    normalizer = tokenizer.normalizer
    return normalizer is not None and b'"Precompiled"' in normalizer.__getstate__()


@contextmanager
def _without_panics() -> Iterator[None]:
    """Let a failure of the library be an error: its panics are no `Exception`, and end a process.

    Raises
    ------
    ModelError
        The tokenizer cannot split a text, as where its pattern tries too many ways.
    """
    try:
        yield
    except BaseException as err:
        if isinstance(err, KeyboardInterrupt | SystemExit | MemoryError):
            raise
        raise ModelError(
            f"the model's tokenizer failed on a text: {first_line(err)}",
            hint="its tokenizer.json is damaged or harmful: get it again from a source you trust",
        ) from err


def encodable(text: str) -> str:
    """Replace lone surrogates, which cannot be written as UTF-8, as tokenizers need them."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text
