"""Tests of assay.evaluation.slices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.catalogue import open_language
from assay.evaluation.slices import score_slices


def test_score_slices_tells_negated_texts_apart():
    """Negation in English and Korean is found, and scored apart."""
    texts = ["i am not happy", "기분이 좋지 않아", "didn't work", "안 좋아"] * 5 + [
        "i am happy",
        "좋아",
    ] * 10
    correct = np.array([False] * 20 + [True] * 20)
    found = {(one.kind, one.name): one for one in score_slices(texts, correct)}
    assert (found["negation", "negated"].n_texts, found["negation", "negated"].accuracy) == (
        20,
        0.0,
    )
    assert found["negation", "not negated"].accuracy == 1.0


def test_score_slices_tells_lengths_apart_in_their_order():
    """Quarters of the word counts, short ones first."""
    texts = [" ".join(["word"] * n) for n in (2, 5, 20, 100) for _ in range(10)]
    found = [one for one in score_slices(texts, np.ones(40, dtype=bool)) if one.kind == "length"]
    assert [one.name.strip() for one in found] == ["2 words", "5 words", "20 words", "100 words"]
    assert [one.n_texts for one in found] == [10] * 4


def test_score_slices_tells_scripts_apart():
    """Korean and English texts have their own scores."""
    texts = ["배송이 늦어요"] * 12 + ["late delivery"] * 12
    correct = np.array([False] * 12 + [True] * 12)
    found = {one.name: one.accuracy for one in score_slices(texts, correct) if one.kind == "script"}
    assert found == {"Hangul": 0.0, "Latin": 1.0}


@pytest.mark.parametrize(
    ("text", "english", "korean"),
    [
        ("நல்ல நாள்", "Tamil", "타밀 문자"),
        ("კარგი დღე", "Georgian", "조지아 문자"),
        ("ভালো দিন", "Bengali", "벵골 문자"),
        ("ថ្ងៃល្អ", "Khmer", "크메르 문자"),
        ("好日子 ＡＢ", "Han", "한자"),
        ("ｺﾝﾆﾁﾊ", "Kana", "가나"),
        ("ＧＯＯＤ", "Latin", "로마자"),
        ("ߞߊ߬ߞߊ߬", "Nko", "Nko"),  # which the catalogue does not have
        ("123 👍", "no letters", "글자 없음"),
    ],
)
def test_every_script_is_called_by_its_name(text, english, korean):
    """In the language of the reader, where the catalogue has the name."""
    texts = [text] * 10 + ["добрый день"] * 10
    slices = score_slices(texts, np.ones(20, dtype=bool))
    (fact,) = [one.fact for one in slices if one.kind == "script" and one.name != "Cyrillic"]
    assert [open_language(code).tell(fact) for code in ("en", "ko")] == [english, korean]


@given(st.lists(st.tuples(st.text(max_size=40), st.booleans()), max_size=80))
def test_score_slices_counts_no_text_twice(rows):
    """The parts of a kind hold at most all texts, and every accuracy lies in its interval."""
    found = score_slices(
        [text for text, _ in rows], np.array([flag for _, flag in rows], dtype=bool)
    )
    for kind in {one.kind for one in found}:
        assert sum(one.n_texts for one in found if one.kind == kind) <= len(rows)
    assert all(one.interval[0] <= one.accuracy <= one.interval[1] for one in found)


def test_score_slices_leaves_out_what_is_too_small():
    """Fewer than ten texts of a kind say nothing."""
    assert score_slices(["no", "yes"], np.array([True, False])) == []


def test_lengths_of_scripts_without_spaces_are_counted_and_named():
    """Chinese texts are no single words; where spaces part words, the unit is the word."""
    texts = ["好" * n for n in (2, 4, 9, 30) for _ in range(10)]
    found = [one for one in score_slices(texts, np.ones(40, dtype=bool)) if one.kind == "length"]
    assert [one.name.strip() for one in found] == [
        "2 words or characters",
        "4 words or characters",
        "9 words or characters",
        "30 words or characters",
    ]
    told = [open_language(code).tell(found[0].fact) for code in ("en", "ko")]
    assert told == ["2 words or characters", "단어 또는 글자 2개"]
