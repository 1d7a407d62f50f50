"""Texts to tokens: characters, words, a checkpoint's subwords; and batches of similar length.

Knows nothing of models: it needs numpy and `tokenizers`, never torch. Names are resolved when they
are first used, so that code that needs only batches does not wait for `tokenizers`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import resolve_lazily

if TYPE_CHECKING:
    from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch
    from assay.tokenization.characters import CharacterTokenizer
    from assay.tokenization.subwords import SubwordTokenizer
    from assay.tokenization.words import find_words, split_words

__all__ = [
    "CharacterTokenizer",
    "EncodedTexts",
    "SubwordTokenizer",
    "bucket_batches",
    "find_words",
    "pad_batch",
    "split_words",
]

# Public name -> the module that holds it.
HOMES = {
    "CharacterTokenizer": "characters",
    "EncodedTexts": "batches",
    "SubwordTokenizer": "subwords",
    "bucket_batches": "batches",
    "find_words": "words",
    "pad_batch": "batches",
    "split_words": "words",
}

__getattr__, __dir__ = resolve_lazily(__name__, HOMES)
