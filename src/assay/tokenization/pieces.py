"""Word pieces by table: a piece of text between two spaces is tokenised once, then looked up.

Texts repeat their words, and looking one up takes a tenth of the time of tokenising it. The result
is right only if the tokenizer treats every piece between spaces on its own, which `is_local` reads
from its tokenizer.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tokenizers

__all__ = ["PieceTable", "is_local"]

# A table whose pieces have more characters is replaced by an empty one. With words of ordinary
# length that is about 10 MB.
MAX_CHARS = 1 << 18
ID_BYTES = 4

# Neither of these joins anything across a space.
LOCAL_NORMALIZERS = ({"type": "NFC"}, {"type": "Lowercase"})
WORDS = {"type": "BertPreTokenizer"}  # splits at white space, among others
MARKS = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False}
# Kind of tokenizer model -> the pre-tokenizer with which it treats every piece on its own.
LOCAL_SPLITTERS = {
    "BPE": {"type": "Sequence", "pretokenizers": [WORDS, MARKS]},
    "WordLevel": WORDS,
}


class PieceTable:
    """Ids of pieces between spaces.

    Parameters
    ----------
    encode_pieces : callable
        Takes pieces; returns the ids of each, without special tokens, `max_ids` of them at most.
    end_ids : sequence of int
        Special tokens that follow the ids of every text.
    max_ids : int
        Most ids per text, `end_ids` included.
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
        self._learn([piece for piece in set().union(*split) if piece not in table], table)
        end, most = self._end, self._max_bytes
        rows = []
        for pieces in split:
            ids = b"".join([table[piece] for piece in pieces])
            rows.append(ids[:most] + end)
        n_bytes = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
        return np.frombuffer(b"".join(rows), dtype="<i4"), n_bytes // ID_BYTES

    def _learn(self, pieces: list[str], table: dict[str, bytes]) -> None:
        """Put the ids of new pieces into the table."""
        if not pieces:
            return
        for piece, ids in zip(pieces, self._encode_pieces(pieces), strict=True):
            table[piece] = np.asarray(ids, dtype="<i4").tobytes()
        self._n_chars += sum(map(len, pieces))


def is_local(tokenizer: tokenizers.Tokenizer) -> bool:
    """Tell whether a tokenizer treats every piece between two spaces on its own.

    Its special tokens must also follow the text only: then the ids of a text are those of its
    pieces, one after the other, and the special tokens.
    """
    model = tokenizer.model
    if getattr(model, "dropout", None):
        return False  # the ids of a piece are drawn at random
    if _component(tokenizer.pre_tokenizer) != LOCAL_SPLITTERS.get(type(model).__name__):
        return False
    normalizer = _component(tokenizer.normalizer)
    for one in normalizer.get("normalizers", [normalizer]):
        if one not in LOCAL_NORMALIZERS:
            return False
    added = tokenizer.get_added_tokens_decoder().values()
    return all(map(_is_plain, added)) and _ends_only(_component(tokenizer.post_processor))


def _component(component: Any) -> Mapping[str, Any]:
    """Return a component of a tokenizer as tokenizer.json has it; {} for none.

    Writing all of the tokenizer out would take 20 ms.
    """
    if component is None:
        return {}
    return dict(json.loads(component.__getstate__()))


def _is_plain(token: tokenizers.AddedToken) -> bool:
    """Tell whether an added token is found within one piece, whatever surrounds it."""
    reaches_out = token.lstrip or token.rstrip or token.single_word
    return not reaches_out and " " not in token.content


def _ends_only(processor: Mapping[str, Any]) -> bool:
    """Tell whether the special tokens of a text, if any, all follow it."""
    if not processor:
        return True
    if processor.get("type") != "TemplateProcessing":
        return False
    first, *others = processor.get("single", [{}])
    return "Sequence" in first and not any("Sequence" in one for one in others)
