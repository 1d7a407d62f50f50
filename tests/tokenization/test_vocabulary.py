"""A learnt vocabulary: words or pieces by what the texts are, and the same each time."""

import json

import pytest

from _support.small_models import EDGE_TEXTS, small_data
from assay.tokenization.vocabulary import MAX_ALPHABET, SPECIAL, find_beginnings, learn_tokenizer

FREQUENT = [
    "the card is late",
    "the card is here",
    "my card is late today",
    "my card is here today",
] * 10
RARE = [
    f"{a}{b}{c} {c}{a}" for a in "bdg" for b in "aeiou" for c in "klm"
]  # hardly a word occurs twice


def kind_of(tokenizer):
    """Return the name of the model inside."""
    return type(tokenizer.model).__name__


def test_frequent_words_are_tokens():
    """Where words repeat, each is one token, and a word that was never seen is unknown."""
    tokenizer = learn_tokenizer(FREQUENT, vocabulary_size=100)
    assert kind_of(tokenizer) == "WordLevel"
    assert tokenizer.encode("My CARD, today").tokens == ["my", "card", "[UNK]", "today", "[END]"]


def test_rare_words_are_spelt():
    """Where they do not, words are spelt from pieces, and one that was never seen is spelt as well."""
    tokenizer = learn_tokenizer(RARE, vocabulary_size=100)
    assert kind_of(tokenizer) == "BPE"
    tokens = tokenizer.encode("gukkl").tokens
    assert "".join(tokens) == "▁gukkl[END]"
    assert "[UNK]" not in tokens


def test_a_few_rare_words_are_left_unknown():
    """One word in forty that occurs once does not make pieces of all, nor is it in the vocabulary; one in ten does."""
    few, many = [*FREQUENT, "late zebra"], [*FREQUENT, *RARE[:15]]
    tokenizer = learn_tokenizer(few, vocabulary_size=100)
    assert kind_of(tokenizer) == "WordLevel"
    assert tokenizer.token_to_id("zebra") is None
    assert kind_of(learn_tokenizer(many, vocabulary_size=100)) == "BPE"


def test_too_small_a_vocabulary_of_words_makes_pieces():
    """Words that do not fit in are as unknown as rare ones."""
    assert kind_of(learn_tokenizer(FREQUENT, vocabulary_size=8)) == "BPE"


def test_vocabulary_keeps_to_its_size():
    """The most frequent words are kept, special tokens included in the count; of equals the first in Unicode."""
    texts = ["a b c d"] * 50 + ["x y z"]
    vocabulary = learn_tokenizer(texts * 2, vocabulary_size=8).get_vocab()
    assert sorted(vocabulary, key=vocabulary.get) == [*SPECIAL, "a", "b", "c", "d", "x"]


@pytest.mark.parametrize("texts", [[], [""], ["", " ", "\t"], ["once"]])
def test_next_to_nothing_is_legal(texts):
    """Without words there are special tokens, and every text has a token."""
    tokenizer = learn_tokenizer(texts, vocabulary_size=50)
    assert all(
        len(tokenizer.encode(text.encode("utf-8", "replace").decode()).ids) for text in EDGE_TEXTS
    )


def test_special_tokens_in_texts_are_no_words():
    """A text that spells a special token out cannot take its place."""
    tokenizer = learn_tokenizer(["[PAD] good [END]", "good [UNK] good"] * 20, vocabulary_size=50)
    assert [tokenizer.token_to_id(token) for token in SPECIAL] == [0, 1, 2]
    assert len(set(tokenizer.get_vocab().values())) == tokenizer.get_vocab_size()


@pytest.mark.parametrize(("size", "kind"), [(300, "WordLevel"), (20, "BPE")])
def test_vocabulary_is_the_same_each_time(size, kind):
    """Ids and merges do not depend on the order of a hash table, which is another for each table."""
    texts, _ = small_data(200)
    made = [learn_tokenizer(texts, vocabulary_size=size) for _ in range(5)]
    assert {kind_of(one) for one in made} == {kind}
    assert len({one.to_str() for one in made}) == 1


def test_pieces_of_many_texts_are_the_same_each_time():
    """Merges too, where there are many."""
    texts = [f"{word}{i % 7}{other}" for i, word in enumerate(RARE) for other in RARE[:9]]
    made = {learn_tokenizer(texts, vocabulary_size=300).to_str() for _ in range(5)}
    assert len(made) == 1
    assert len(json.loads(made.pop())["model"]["merges"]) > 60


def test_vocabulary_of_many_scripts_is_the_same_each_time():
    """With more characters than are kept, most of them equally frequent, the first in Unicode are kept."""
    texts = [chr(0x4E00 + i) + chr(0xAC00 + i) for i in range(3000)] + ["가나 다라"] * 3
    first, second = (learn_tokenizer(texts, vocabulary_size=5000).get_vocab() for _ in range(2))
    assert first == second
    characters = {token for token in first if len(token) == 1}
    assert len(characters) == MAX_ALPHABET
    assert {"▁", "가", "나", "다", "라"} <= characters
    assert sorted(c for c in characters if 0x4E00 <= ord(c) < 0xAC00) == [
        chr(0x4E00 + i) for i in range(3000)
    ]


def test_real_texts_choose_by_themselves(shared_data):
    """Tweets and customers' questions are read as words, Korean headlines as pieces."""
    read = {}
    for name, file in (
        ("emotion", "train.txt"),
        ("banking77", "train.jsonl"),
        ("klue_ynat", "train.jsonl"),
    ):
        lines = (shared_data / name / file).read_text(encoding="utf-8").splitlines()
        texts = [
            json.loads(line)["text"] if line[0] == "{" else line.rpartition(";")[0]
            for line in lines
            if line
        ]
        read[name] = kind_of(learn_tokenizer(texts, vocabulary_size=8000))
    assert read == {"emotion": "WordLevel", "banking77": "WordLevel", "klue_ynat": "BPE"}


def test_pieces_with_which_words_begin_are_known():
    """Each word has one such piece, its first; punctuation and the end of the text are words."""
    learnt = learn_tokenizer(
        ["wonderful wonders, 좋아요!"] * 3, vocabulary_size=40, whole_words=False
    )
    begins = find_beginnings(learnt)
    assert begins.shape == (learnt.get_vocab_size(),)
    for text, n_words in (("wonderful wonders, 좋아요!", 6), ("wonder", 2), ("", 1)):
        ids = learnt.encode(text).ids
        assert begins[ids].sum() == n_words
        assert begins[ids][0]
