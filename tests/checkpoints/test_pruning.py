"""A pruned vocabulary: texts of kept pieces get the tokens that they had, by new ids."""

import json

import numpy as np
import pytest
import tokenizers

from _support.e5_files import SmallE5
from assay.checkpoints import pruning
from assay.checkpoints.e5 import convert_e5_file
from assay.checkpoints.pruning import PieceLimits, is_prunable, prune_vocabulary
from assay.tokenization.subwords import SubwordTokenizer

TEXTS = ["good day", "bad night", "good night good"]
FEW = PieceLimits(main=2, seen=1)


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """Load the tokenizer of a small file in the format of e5."""
    monkeypatch.setattr(pruning, "MIN_PIECES", 10)
    source = tmp_path / "small.bin"
    source.write_bytes(SmallE5().to_bytes())
    convert_e5_file(source, tmp_path)
    return SubwordTokenizer.from_file(tmp_path / "tokenizer.json", max_tokens=20)


def prune(whole, texts=TEXTS, limits=FEW):
    """Prune by the tokens of texts."""
    counts = np.bincount(whole.encode_texts(texts).ids, minlength=whole.vocabulary_size)
    return prune_vocabulary(whole, counts, limits=limits)


def test_texts_of_kept_pieces_get_the_same_tokens(whole):
    """Only the ids are others; special tokens, truncation and unknown characters stay."""
    pruned = prune(whole)
    assert len(pruned.kept_ids) < whole.vocabulary_size == pruned.n_whole
    for text in [*TEXTS, "", " good ", "a1!", "good 🤖🤖 day", "day " * 40]:
        old_ids, tokens = whole.encode(text)
        new_ids, same = pruned.tokenizer.encode(text)
        assert same == tokens
        assert pruned.kept_ids[new_ids].tolist() == old_ids
    names = ("pad_id", "unknown_id")
    for name in names:
        assert pruned.kept_ids[getattr(pruned.tokenizer, name)] == getattr(whole, name)
    assert pruned.tokenizer.max_tokens == 20


def test_a_dropped_piece_is_spelled_with_shorter_ones(whole):
    """Single characters are all kept, so that nothing becomes unknown that was not."""
    tokens = prune(whole).tokenizer.encode("하루")[1]
    assert tokens == ["<s>", "▁하", "루", "</s>"]
    assert whole.encode("하루")[1] == ["<s>", "▁하루", "</s>"]


def test_frequent_pieces_of_the_scripts_seen_are_kept(whole):
    """More of a script that texts are written in than of one that merely occurs in them."""
    vocabulary = prune(whole, ["좋은 하루"], PieceLimits(main=50)).tokenizer.tokenizer.get_vocab()
    assert "나쁜" in vocabulary  # never used, but in the script
    assert "good" not in vocabulary
    assert "1" in vocabulary


def test_the_lowest_score_stays(whole):
    """Unknown characters get their score from it, so that texts are cut at the same places."""
    scores = dict(json.loads(whole.tokenizer.to_str())["model"]["vocab"])
    kept = dict(json.loads(prune(whole).tokenizer.tokenizer.to_str())["model"]["vocab"])
    assert min(kept.values()) == min(scores.values())


def test_small_vocabularies_and_other_kinds_stay_whole(whole, monkeypatch):
    """Only Unigram is pruned: the longest match of word pieces would choose others."""
    assert is_prunable(whole)
    monkeypatch.setattr(pruning, "MIN_PIECES", 10_000)
    assert not is_prunable(whole)
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    monkeypatch.setattr(pruning, "MIN_PIECES", 0)
    assert not is_prunable(SubwordTokenizer(words, max_tokens=5))


def test_post_processors_of_the_bert_kind_get_new_ids():
    """Their special tokens are pairs of a token and an id."""
    step = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim": True}
    assert pruning._renumber_ids([step], {0: 5, 2: 6}) == [
        {"type": "RobertaProcessing", "sep": ["</s>", 6], "cls": ["<s>", 5], "trim": True}
    ]
