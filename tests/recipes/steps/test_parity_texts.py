"""Texts that are made of a vocabulary; which texts an export takes is tested in recipes/test_export.py."""

from __future__ import annotations

from tokenizers import Tokenizer
from tokenizers.models import WordPiece

from assay.recipes.steps.parity_texts import _pieces


def test_pieces_are_as_in_texts(tmp_path):
    """Special tokens are left out, and marks of continued words taken off."""
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "good": 2, "##ness": 3, "▁day": 4, "<s>": 5}
    path = tmp_path / "tokenizer.json"
    Tokenizer(WordPiece(vocabulary, unk_token="[UNK]")).save(str(path))
    assert _pieces(path) == ["good", "ness", "day"]
