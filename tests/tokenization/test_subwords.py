"""A checkpoint's subwords: explicit limit, batch as single, and every text that a str can hold."""

import gc
import unicodedata
import weakref

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from _support.checkpoints import bert_tokenizer, roberta_tokenizer
from assay.checkpoints.charsmap import pack_charsmap
from assay.errors import InputError, ModelError
from assay.tokenization import SubwordTokenizer
from assay.tokenization.vocabulary import learn_tokenizer

AWKWARD = [
    "",
    " ",
    "\ud800",
    "a\0b",
    "🙂🇰🇷👩‍👩‍👧",
    "오늘 정말 행복해요",
    "\u202e abc",
    "ﷺ" * 30,
    "[PAD] [CLS] <s>",
]
TEXTS = st.lists(st.text(max_size=40) | st.sampled_from(AWKWARD), max_size=6)


@pytest.fixture(params=["bert", "roberta"])
def tokenizer(request):
    """Make a tokenizer of each kind that cuts at 16 tokens."""
    make = bert_tokenizer if request.param == "bert" else roberta_tokenizer
    return SubwordTokenizer(make(), max_tokens=16)


SHORT = {
    kind: SubwordTokenizer(make(), max_tokens=12)
    for kind, make in (("bert", bert_tokenizer), ("roberta", roberta_tokenizer))
}


@pytest.mark.parametrize("kind", ["bert", "roberta"])
@given(texts=TEXTS)
def test_batch_gives_what_single_texts_give(kind, texts):
    """Neighbours in a batch change nothing: any text encodes, cut at the limit, unpadded."""
    short = SHORT[kind]
    encoded = short.encode_texts(texts)
    assert len(encoded) == len(texts)
    for row, text in enumerate(texts):
        ids = encoded.ids[encoded.offsets[row] : encoded.offsets[row + 1]].tolist()
        assert ids == short.encode(text)[0]
        assert 2 <= len(ids) <= 12


@pytest.mark.parametrize("kind", ["bert", "roberta"])
@given(texts=TEXTS)
def test_counts_are_those_without_a_limit(kind, texts):
    """Counting sees the whole text, as a tokenizer that never cuts does, and leaves the limit in place."""
    unlimited = SubwordTokenizer(
        bert_tokenizer() if kind == "bert" else roberta_tokenizer(), max_tokens=100_000
    )
    assert SHORT[kind].count_tokens(texts) == unlimited.encode_texts(texts).lengths.tolist()
    assert all(len(SHORT[kind].encode(text)[0]) <= 12 for text in texts)


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_encode(tokenizer, text):
    """Empty, null bytes, lone surrogates, emoji, Korean: ids and tokens of one length, special tokens around them."""
    ids, tokens = tokenizer.encode(text)
    assert len(ids) == len(tokens) >= 2
    assert max(ids) < tokenizer.vocabulary_size


def test_korean_words_are_tokens():
    """Hangul is not taken apart where the checkpoint keeps it."""
    tokenizer = SubwordTokenizer(bert_tokenizer(), max_tokens=16)
    assert tokenizer.encode("오늘 행복해요")[1] == [
        "[CLS]",
        "오늘",
        "행복",
        "##해",
        "##요",
        "[SEP]",
    ]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
def test_bytes_decode_to_the_same_text(text):
    """Byte-level subwords spell every text, so what is not cut comes back as it was."""
    if any(special in text for special in ("<s>", "</s>", "<pad>", "<unk>", "<mask>")):
        return
    tokenizer = SubwordTokenizer(roberta_tokenizer(), max_tokens=64)
    assert tokenizer.decode(tokenizer.encode(text)[0]) == text


def test_truncation_and_padding_of_the_file_are_cleared(tmp_path):
    """A tokenizer.json that cuts at 5 and pads to 20 does neither: the given limit is the only one."""
    stock = bert_tokenizer()
    stock.enable_truncation(5)
    stock.enable_padding(length=20)
    stock.save(str(tmp_path / "tokenizer.json"))
    tokenizer = SubwordTokenizer.from_file(tmp_path / "tokenizer.json", max_tokens=10)
    assert tokenizer.encode_texts(["good day", "a " * 30]).lengths.tolist() == [4, 10]


def test_special_ids_are_the_vocabularys(tokenizer):
    """The padding and unknown ids are those of the kind's own tokens."""
    stock = tokenizer.tokenizer
    expected = [stock.token_to_id("[PAD]"), stock.token_to_id("[UNK]")]
    if expected[0] is None:
        expected = [stock.token_to_id("<pad>"), stock.token_to_id("<unk>")]
    assert [tokenizer.pad_id, tokenizer.unknown_id] == expected


def test_vocabulary_without_padding_pads_with_zero():
    """A vocabulary that names no padding token still makes batches."""
    bare = SubwordTokenizer(
        tokenizers.Tokenizer(tokenizers.models.WordLevel({"x": 0, "y": 1}, "y")), max_tokens=4
    )
    assert (bare.pad_id, bare.unknown_id) == (0, None)


@pytest.mark.parametrize("max_tokens", [-1, 0, 1, 2])
def test_limit_without_room_for_text_is_refused(max_tokens):
    """A limit that special tokens use up is an error; the library beneath would cut nothing at all."""
    with pytest.raises(InputError, match=f"max_tokens is {max_tokens}; at least 3 is accepted"):
        SubwordTokenizer(bert_tokenizer(), max_tokens=max_tokens)


def test_broken_file_is_named(tmp_path):
    """What is no tokenizer.json is an error that names the file."""
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json cannot be read as a tokenizer"):
        SubwordTokenizer.from_file(tmp_path / "tokenizer.json", max_tokens=10)


def test_tokenizer_is_freed_with_its_last_owner():
    """Nothing in it points back at it: a server that swaps models would keep each until the next collection."""
    tokenizer = SubwordTokenizer(
        learn_tokenizer(["what a day"] * 3, vocabulary_size=40), max_tokens=16
    )
    tokenizer.encode_texts(["what a day"])
    gone = weakref.ref(tokenizer)
    gc.disable()
    try:
        del tokenizer
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("ask", ["encode_texts", "encode_windows", "count_tokens"])
def test_panic_of_the_library_is_an_error_of_the_model(ask):
    """A pattern that tries too many ways makes Rust panic, which is no `Exception` in Python."""
    made = bert_tokenizer()
    slow = tokenizers.Regex("(a{1,11}[y[a](]){1,11}b")
    made.pre_tokenizer = tokenizers.pre_tokenizers.Split(slow, "isolated")
    hostile = SubwordTokenizer(made, max_tokens=16)
    with pytest.raises(ModelError, match="the model's tokenizer failed on a text"):
        getattr(hostile, ask)(["a" * 120])
    with pytest.raises(ModelError, match="the model's tokenizer failed on a text"):
        hostile.encode("a" * 120)


def test_loose_letters_are_read_as_whole_ones():
    """SentencePiece's map composes nothing: loose Korean and Greek were unknown tokens."""
    whole = "안녕 καλημέρα"
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"<unk>": 0, "안녕": 1, "καλημέρα": 2}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    charsmap = pack_charsmap({"\u3000": " "})
    tokenizer.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.Precompiled(charsmap), tokenizers.normalizers.Strip()]
    )
    subwords = SubwordTokenizer(tokenizer, max_tokens=8)
    loose = unicodedata.normalize("NFD", whole)
    assert subwords.encode(loose)[0] == [1, 2]
    assert subwords.encode_texts([loose, whole]).ids.tolist() == [1, 2, 1, 2]
    assert subwords.count_tokens([loose]) == [2]
