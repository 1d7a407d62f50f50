"""Word pieces by table: what lies between two spaces is tokenised once and looked up from then on.

Texts repeat their words, and looking one up takes a tenth of tokenising it. It is right only where
a tokenizer treats what lies between spaces on its own, which `is_local` reads from its
tokenizer.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tokenizers

__all__ = ["PieceTable", "is_local"]

# Of the table, in characters of the pieces; then it starts anew. About 10 MB of words of an
# ordinary length.
MAX_CHARS = 1 << 18
ID_BYTES = 4

LOCAL_NORMALIZERS = (
    {"type": "NFC"},
    {"type": "Lowercase"},
)  # neither joins anything across a space
WORDS = {"type": "BertPreTokenizer"}  # splits at white space, among others
MARKS = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False}
# The kinds of model, and how what they are given is split.
LOCAL_SPLITTERS = {
    "BPE": {"type": "Sequence", "pretokenizers": [WORDS, MARKS]},
    "WordLevel": WORDS,
}


class PieceTable:
    """Ids of pieces between spaces.

    Parameters
    ----------
    encode_pieces : callable
        Pieces -> ids of each, without special tokens, as far as `max_ids`.
    end_ids : sequence of int
        Stand behind the ids of every text.
    max_ids : int
        Ids a text, those of its end included.
    """

    def __init__(
        self,
        encode_pieces: Callable[[list[str]], list[list[int]]],
        *,
        end_ids: Sequence[int],
        max_ids: int,
    ) -> None:
        self._encode_pieces = encode_pieces
        self._end = np.asarray(end_ids, dtype="<i4").tobytes()
        self._max_bytes = (max_ids - len(end_ids)) * ID_BYTES
        self._table: dict[str, bytes] = {}
        self._n_chars = 0

    def encode(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Encode texts.

        Returns
        -------
        ids : int32 array of shape (n_tokens_total,)
        lengths : int64 array of shape (n_texts,)
        """
        if self._n_chars > MAX_CHARS:  # a new table: another thread may be reading the old one
            self._table, self._n_chars = {}, 0
        table = self._table
        split = [text.split(" ") for text in texts]
        if new := list({piece for pieces in split for piece in pieces if piece not in table}):
            for piece, ids in zip(new, self._encode_pieces(new), strict=True):
                table[piece] = np.asarray(ids, dtype="<i4").tobytes()
            self._n_chars += sum(map(len, new))
        end, most = self._end, self._max_bytes
        rows = [b"".join([table[piece] for piece in pieces])[:most] + end for pieces in split]
        lengths = (
            np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows)) // ID_BYTES
        )
        return np.frombuffer(b"".join(rows), dtype="<i4"), lengths


def is_local(tokenizer: tokenizers.Tokenizer) -> bool:
    """Tell whether a tokenizer treats what lies between two spaces on its own, and frames a text at its end only."""
    normalizer = _part(tokenizer.normalizer)
    model = tokenizer.model
    return (
        all(part in LOCAL_NORMALIZERS for part in normalizer.get("normalizers", [normalizer]))
        and _part(tokenizer.pre_tokenizer) == LOCAL_SPLITTERS.get(type(model).__name__)
        and not getattr(model, "dropout", None)
        and all(_is_plain(token) for token in tokenizer.get_added_tokens_decoder().values())
        and _frames_at_the_end(_part(tokenizer.post_processor))
    )


def _part(part: Any) -> dict[str, Any]:
    """Return a part of a tokenizer as tokenizer.json has it; {} for none.

    Writing all of it out would take 20 ms.
    """
    return {} if part is None else dict(json.loads(part.__getstate__()))


def _is_plain(token: tokenizers.AddedToken) -> bool:
    reaches_out = token.lstrip or token.rstrip or token.single_word
    return not reaches_out and " " not in token.content


def _frames_at_the_end(processor: dict[str, Any]) -> bool:
    """Tell whether special tokens stand behind the text only."""
    parts = processor.get("single", [{}]) if processor.get("type") == "TemplateProcessing" else [{}]
    return not processor or (
        "Sequence" in parts[0] and not any("Sequence" in part for part in parts[1:])
    )
