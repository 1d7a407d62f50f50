"""The table of word pieces gives what the tokenizer itself gives, for any text, and is used only where that is so."""

from __future__ import annotations

import random
import threading

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import models, normalizers, pre_tokenizers, processors

from _support.small_models import EDGE_TEXTS, small_data
from assay.tokenization import SubwordTokenizer, pieces, subwords
from assay.tokenization.pieces import is_local
from assay.tokenization.subwords import encodable
from assay.tokenization.vocabulary import learn_tokenizer

MAX_TOKENS = 12
# Marks that combine with what is before them, blanks of every kind, case pairs that change
# length, tokens.
AWKWARD = [
    "\u0301",
    "e",
    "E",
    "İ",
    "ß",
    "Σ",
    "한",
    "\u1112\u1161\u11ab",
    "\u2581",
    "[PAD]",
    "[END",
    "]",
    "\ud800",
    " ",
    " ",
    "  ",
    "\t",
    "\n",
    "\u00a0",
    "\u3000",
    "\x1c",
    "\0",
    "good",
    "very",
    "!",
    "'",
    "😀",
]
TEXTS = st.lists(st.sampled_from(AWKWARD) | st.characters(), max_size=30).map("".join)


@pytest.fixture(scope="module", params=["words", "pieces"])
def learnt(request):
    """Learn a small tokenizer as `compact` does: of words, and of word pieces."""
    texts, _ = small_data(200)
    rare = [f"good{i}day very{i}" for i in range(100)] if request.param == "pieces" else []
    made = learn_tokenizer([*texts, *EDGE_TEXTS, *rare], vocabulary_size=300)
    assert type(made.model).__name__ == ("WordLevel" if request.param == "words" else "BPE")
    return made


@pytest.fixture(scope="module")
def tokenizer(learnt):
    """Wrap it, with a limit that cuts."""
    return SubwordTokenizer(learnt, max_tokens=MAX_TOKENS)


def by_library(tokenizer, texts):
    """Return the ids that the library itself gives."""
    encodings = tokenizer.tokenizer.encode_batch_fast([encodable(text) for text in texts])
    return [encoding.ids for encoding in encodings]


def by_table(tokenizer, texts):
    """Return the ids that assay gives."""
    encoded = tokenizer.encode_texts(texts)
    return [
        encoded.ids[a:b].tolist()
        for a, b in zip(encoded.offsets, encoded.offsets[1:], strict=False)
    ]


def test_texts_that_are_split_a_few_at_a_time_have_the_same_ids(learnt, monkeypatch):
    """Slices of three texts, of which the last has two, and no text at all."""
    texts = (EDGE_TEXTS * 3)[:-1]
    whole = by_table(SubwordTokenizer(learnt, max_tokens=MAX_TOKENS), texts)
    monkeypatch.setattr(subwords, "SPLIT_TEXTS", 3)
    tokenizer = SubwordTokenizer(learnt, max_tokens=MAX_TOKENS)
    assert by_table(tokenizer, texts) == whole
    assert len(tokenizer.encode_texts([])) == 0


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(TEXTS, max_size=4))
def test_ids_are_those_of_the_library(tokenizer, texts):
    """Whatever a text holds, and wherever it is cut."""
    assert tokenizer._table is not None
    assert by_table(tokenizer, texts) == by_library(tokenizer, texts)


def test_awkward_texts_are_those_of_the_library(tokenizer):
    """Nothing, blanks, long words, surrogates, special tokens spelt out; twice, so that the table answers as well."""
    for _ in range(2):
        assert by_table(tokenizer, EDGE_TEXTS) == by_library(tokenizer, EDGE_TEXTS)


def test_real_texts_are_those_of_the_library(shared_data):
    """Tweets, Korean headlines and customers' questions, with a tokenizer learnt from some of them."""
    texts = []
    for path in sorted(shared_data.rglob("*")):
        if path.is_file() and path.suffix in (".txt", ".csv", ".tsv", ".jsonl"):
            texts += path.read_text(encoding="utf-8").splitlines()[:700]
    assert len(texts) > 1500
    tweets = [text for text in texts if text.isascii()]
    for learnt_from, size, kind in (
        (texts[::3], 2000, "word pieces"),
        (tweets * 2, 20_000, "words"),
    ):
        tokenizer = SubwordTokenizer(
            learn_tokenizer(learnt_from, vocabulary_size=size), max_tokens=64
        )
        assert tokenizer.kind == kind
        assert by_table(tokenizer, texts) == by_library(tokenizer, texts)


def test_table_is_bounded_and_starts_anew(learnt, monkeypatch):
    """Words without end do not fill the memory, and ids stay right when the table starts anew."""
    monkeypatch.setattr(pieces, "MAX_CHARS", 50)
    tokenizer = SubwordTokenizer(learnt, max_tokens=MAX_TOKENS)
    for i in range(40):
        texts = [f"good {i}", f"bad {i} day"]
        assert by_table(tokenizer, texts) == by_library(tokenizer, texts)
        assert len(tokenizer._table._table) < 30


def test_threads_share_a_table(learnt, monkeypatch):
    """Several threads, a table that starts anew all the time: each gets what one alone gets."""
    monkeypatch.setattr(pieces, "MAX_CHARS", 30)
    tokenizer = SubwordTokenizer(learnt, max_tokens=MAX_TOKENS)
    texts = [f"good day {i} very {i % 7}" for i in range(300)]
    expected = by_library(tokenizer, texts)
    wrong = []

    def work(seed):
        order = random.Random(seed).sample(range(len(texts)), len(texts))
        for i in order:
            if by_table(tokenizer, [texts[i]]) != [expected[i]]:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def variants():
    """Yield tokenizers that each miss one thing that the table needs."""

    def base():
        made = tokenizers.Tokenizer(
            models.BPE(vocab={"[UNK]": 0, "a": 1}, merges=[], unk_token="[UNK]")
        )
        made.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
        marks = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
        made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.BertPreTokenizer(), marks])
        return made

    yield "as it should be", base(), True
    stripping = base()
    stripping.normalizer = normalizers.Strip()
    yield "normalizer", stripping, False
    whole = base()
    whole.pre_tokenizer = pre_tokenizers.Metaspace()
    yield "pre-tokenizer", whole, False
    reaching = base()
    reaching.add_special_tokens([tokenizers.AddedToken("[X]", lstrip=True)])
    yield "added token", reaching, False
    framed = base()
    framed.post_processor = processors.TemplateProcessing(
        single="[UNK] $A", special_tokens=[("[UNK]", 0)]
    )
    yield "frame", framed, False
    pieces_model = base()
    pieces_model.model = models.WordPiece({"[UNK]": 0}, unk_token="[UNK]")
    yield "model", pieces_model, False
    words = base()
    words.model = models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]")
    yield "words, marked", words, False
    words = base()
    words.model = models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]")
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    yield "words", words, True
    unmarked = base()
    unmarked.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    yield "pieces, unmarked", unmarked, False


@pytest.mark.parametrize(
    ("made", "expected"), [v[1:] for v in variants()], ids=[v[0] for v in variants()]
)
def test_table_is_used_only_where_it_is_right(made, expected):
    """A tokenizer that looks across a space, or puts tokens before a text, is left to the library."""
    assert is_local(made) is expected
