"""Tests of assay.audit.near_duplicates and assay.audit.pieces.

What is found, what is not, and that it does not depend on order, seed or size.
"""

from __future__ import annotations

import time
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.audit import pieces as pieces_module
from assay.audit.near_duplicates import MIN_SIMILARITY, NearDuplicates, find_near_duplicates
from assay.audit.pieces import hash_pieces
from assay.data.normal_form import normalise_text
from assay.errors import InputError
from assay.progress import Progress


def pieces(text):
    """Return the four-character pieces of letters and digits, the plain way."""
    words = "".join(c if c.isalnum() else " " for c in normalise_text(text)).split()
    plain = " ".join(words) or normalise_text(text)
    return {plain[i : i + 4] for i in range(max(1, len(plain) - 3))}


def jaccard(one, other):
    """Return the Jaccard similarity of two texts, the plain way."""
    a, b = pieces(one), pieces(other)
    return len(a & b) / len(a | b)


def together(texts, **options):
    """Return the groups as a set of tuples of rows."""
    groups = find_near_duplicates(texts, **options).groups.tolist()
    return {tuple(i for i, g in enumerate(groups) if g == group) for group in groups}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My phone was stolen, what should I do first?", "my phone was stolen - what should i do"),
        ("im still feeling a bit shaken", "im still feeling a bit shaken up"),
        (
            "美 휴대전화 등 중국산 일부 제품 10% 관세 연기종합2보",
            "美 휴대전화 등 중국산 일부 제품 10% 관세 연기종합",
        ),
        ("so happy", "So   happy!!!"),
        ("!!!", "!!!"),
        ("Order 12 is late", "Order 4071 is late"),
        ("주문 12번이 아직 안 왔어요", "주문 3,870번이 아직 안 왔어요"),
        ("注文3番がまだ届いていません", "注文18番がまだ届いていません"),
        ("Meeting on 2026-11-29, 10:30", "Meeting on 2025-01-02, 9:15"),
    ],
)
def test_same_message_is_one_group(one, other):
    """Case, punctuation, a word more, another edition and other numbers are the same message."""
    assert together([one, "something else altogether", other]) == {(0, 2), (1,)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("i was feeling happy", "i was feeling alone"),
        ("I live in the UK. Can I get a card?", "I live in the EU. How do I lock a card?"),
        ("", "a"),
        ("!!!", "???"),
        ("북한날씨 대체로 맑음…평양 낮 최고 24도", "골프장에 등장한 5G 열기구"),
        ("129 บาทค่ะ", "670 บาทค่ะ"),  # prices, rooms and plain numbers say different things
        ("room 12", "room 48"),
        ("2026", "1999"),
        ("Order 12 is late", "Order 12 is lost"),
    ],
)
def test_other_message_stays_apart(one, other):
    """One word that changes what a short text says keeps it apart."""
    assert together([one, other]) == {(0,), (1,)}


def test_equal_texts_share_a_group_but_are_not_near():
    """Equal texts are duplicates of the exact kind: alone they make no near duplicate."""
    found = find_near_duplicates(["so happy today", "So happy  today", "so happy today", "sad"])
    assert found.groups.tolist() == [0, 0, 0, 1]
    assert not found.is_near.any()
    assert found.similarity.tolist() == [1.0] * 4


def test_similarity_is_the_exact_jaccard_with_the_first_text_of_the_group():
    """The figure of each row is that of the plain computation."""
    texts = [
        "how do i activate my new card please",
        "How do I activate my card please?",
        "cats",
        "how do i activate my new card please now",
    ]
    found = find_near_duplicates(texts)
    assert found.groups.tolist() == [0, 0, 1, 0]
    assert found.similarity == pytest.approx(
        [1.0, jaccard(texts[0], texts[1]), 1.0, jaccard(texts[0], texts[3])]
    )
    assert found.is_near.tolist() == [True, True, False, True]


WORDS = ["feel", "happy", "sad", "today", "카드", "배송이", "!!", "now", "a", "1"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join), max_size=14),
    st.integers(0, 3),
)
def test_groups_are_the_connected_components_of_all_pairs(texts, seed):
    """For small sets, comparing every pair gives the same groups."""
    parent = list(range(len(texts)))

    def root(i):
        return i if parent[i] == i else root(parent[i])

    for i in range(len(texts)):
        for j in range(i):
            if jaccard(texts[i], texts[j]) >= MIN_SIMILARITY:
                parent[root(i)] = root(j)
    expected = {
        tuple(i for i in range(len(texts)) if root(i) == r) for r in map(root, range(len(texts)))
    }
    assert together(texts, seed=seed) == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=12))
def test_any_text_can_be_compared(texts):
    """Whatever the texts hold, each gets a group, and equal ones get the same."""
    found = find_near_duplicates(texts)
    assert isinstance(found, NearDuplicates)
    assert len(found.groups) == len(found.similarity) == len(found.is_near) == len(texts)
    for i, text in enumerate(texts):
        assert found.groups[texts.index(text)] == found.groups[i]


def test_group_ids_count_from_zero_in_order_of_first_sight():
    """The numbering is that of `duplicate_groups`."""
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(WORDS, size=6)) for _ in range(200)]
    groups = find_near_duplicates(texts).groups
    _, first = np.unique(groups, return_index=True)
    assert groups.min() == 0
    assert (np.diff(first) > 0).all()


def test_lone_surrogates_and_null_characters_are_compared():
    """What JSON can hold and UTF-8 cannot is no reason to stop."""
    assert together(["a\ud800bcdef", "a\ud800bcdef\0", "x"]) == {(0, 1), (2,)}


def test_thousands_of_alike_texts_take_seconds():
    """A template that fills the whole file is joined without comparing every pair (12 million here)."""
    texts = [
        f"Your order {i} has shipped and arrives in {i % 28} days, thanks for shopping with us"
        for i in range(5000)
    ]
    started_s = time.perf_counter()
    found = find_near_duplicates(texts)
    assert len(set(found.groups.tolist())) == 1
    assert time.perf_counter() - started_s < 30  # a second or two; all pairs would take minutes


@pytest.mark.parametrize("given_value", [0.2, 1.5])
def test_similarity_out_of_range_is_refused(given_value):
    """Below 0.5 the bands would miss most pairs."""
    with pytest.raises(InputError, match=f"min_similarity is {given_value}; 0.5 to 1 is accepted"):
        find_near_duplicates(["a"], min_similarity=given_value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("मेरा दिन अच्छा था", "मेरा दान अच्छा था"),
        ("I love c++", "I love c#"),
        ("★★★★★", "★☆☆☆☆"),
        ("so good 😊", "so good 😢"),
        ("1.0", "10"),
        ("ใครมาก็ได้", "ใครม้าก็ได้"),
        ("سأل", "سال"),
        ("-5 %", "5 %"),
    ],
)
def test_marks_and_signs_tell_texts_apart(one, other):
    """A vowel sign or a sign is part of what is compared."""
    assert not find_near_duplicates([one, other]).is_near.any()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\uff21\uff22\uff23\uff11\uff12\uff13", "abc123"),
        ("\uff11\uff10\uff05\u3000オフ", "10% オフ"),
        ("\uff8a\uff9e\uff85\uff85を食べた", "バナナを食べた"),
        ("𝓣𝓱𝓮 𝐏𝐑𝐎𝐃𝐔𝐂𝐓", "the product"),
        ("\uffbb\uffbb\uffbb \uffe65,000", "ㅋㅋㅋ \u20a95,000"),
    ],
)
def test_how_letters_are_drawn_does_not_tell_texts_apart(one, other):
    """Letters are the same in the width of ideographs, in half of it and in mathematical fonts."""
    found = find_near_duplicates([one, other])
    assert found.is_near.all()
    assert found.similarity[1] == 1


def test_minus_of_a_number_is_no_punctuation():
    """-5 degrees are not 5 degrees; a hyphen and a bullet are punctuation."""
    similarity = find_near_duplicates(["-5 degrees", "5 degrees"]).similarity[1]
    assert similarity < 1
    for one, other in (("well-known fact", "well known fact"), ("- good day", "good day")):
        assert find_near_duplicates([one, other]).similarity[1] == 1


def test_blocks_of_texts_are_hashed_as_all_at_once(monkeypatch):
    """However few characters a block has, and where a text alone has more."""
    texts = ["", "short", "a somewhat longer text", "ㅋㅋ", "the last one of them all"]
    whole = hash_pieces(texts)
    monkeypatch.setattr(pieces_module, "BLOCK_CHARS", 12)
    parts = hash_pieces(texts)
    assert parts.hashes.tolist() == whole.hashes.tolist()
    assert parts.offsets.tolist() == whole.offsets.tolist()


def test_progress_is_told_of_all_texts_and_of_all_bands(monkeypatch):
    """With a million texts each part takes a minute: it says how far it is."""
    told = {}

    class Told(Progress):
        @contextmanager
        def track(self, name, n_steps):
            done = []
            yield done.append
            told[name] = (n_steps, sum(done))

    monkeypatch.setattr(pieces_module, "BLOCK_CHARS", 20)
    find_near_duplicates([f"text number {i}" for i in range(9)], progress=Told())
    assert told == {"near duplicates, reading": (9, 9), "near duplicates, comparing": (25, 25)}
