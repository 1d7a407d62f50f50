"""Texts to tokens: characters, words, a checkpoint's subwords; and batches of like length.

Knows nothing of models: it needs numpy and `tokenizers`, never torch.
"""

from __future__ import annotations

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
