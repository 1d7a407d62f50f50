"""Texts in scripts that the training texts do not have are counted, and said where they are many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.runtime.limits.scripts import (
    FOREIGN_FRACTION,
    UnseenScripts,
    find_unseen_scripts,
    has_emoji,
    list_scripts,
    name_unseen_scripts,
)
from assay.runtime.manifest import Manifest
from assay.tokenization.scripts import count_scripts

ENGLISH = ["the team won", "rain tomorrow"]
KOREAN = ["비가 옵니다", "우리 팀이 이겼다"]


def test_scripts_of_train_need_a_share_of_the_letters():
    """One foreign word in thousands of letters is no script that a model has learnt."""
    assert list_scripts(["서울의 날씨"] * 10 + ["BBC 뉴스"]) == ["HANGUL", "LATIN"]
    assert list_scripts(["the weather of the capital"] * 200 + ["한"]) == ["LATIN"]
    assert list_scripts(["123", ""]) == []


@pytest.mark.parametrize(
    ("texts", "n_unseen", "are_many"),
    [
        (ENGLISH, 0, False),
        (KOREAN, 2, True),
        (ENGLISH * 10 + KOREAN[:1], 1, False),  # one of 21
        (["the K-pop band 방탄소년단 sang"], 0, False),  # most letters are known ones
        (["2024 %", ""], 0, False),
        (["2024 😀", ""], 1, True),
        ([], 0, False),
    ],
)
def test_texts_count_if_most_of_their_letters_are_unseen(texts, n_unseen, are_many):
    """A name in another script is no text in it."""
    found = find_unseen_scripts(texts, seen=["LATIN"])
    assert (found.n_texts, found.n_unseen, found.are_many) == (len(texts), n_unseen, are_many)


def test_the_sentence_names_the_scripts():
    """And says what follows from it."""
    assert find_unseen_scripts([*KOREAN, *ENGLISH], seen=["LATIN"]).describe() == (
        "2 of the 4 texts looked at are in a script that no training text is in (Hangul): "
        "do not trust their labels"
    )


def test_a_model_that_records_no_scripts_says_nothing():
    """Models of earlier versions record none."""
    assert not find_unseen_scripts(KOREAN, seen=[]).are_many


def test_parts_add_up():
    """Chunks and shards are counted apart, and said together, the most frequent script first."""
    parts = [
        find_unseen_scripts(texts, seen=["LATIN"]) for texts in (KOREAN, ENGLISH, ["ฝนตก"] * 3)
    ]
    assert UnseenScripts.of(parts) == UnseenScripts(7, {"THAI": 3, "HANGUL": 2})
    assert UnseenScripts.of(parts).to_dict() == {"unseen_scripts": {"THAI": 3, "HANGUL": 2}}
    assert UnseenScripts.of([]).to_dict() == {}


@given(
    st.lists(st.text(st.sampled_from("ab é한글ฝนש7!\u0301 😀"), max_size=8)),
    st.sets(st.sampled_from(["LATIN", "HANGUL", "THAI"]), min_size=1),
)
def test_names_are_those_of_texts_counted_one_by_one(texts, seen):
    """The plain version: more than half of the letters are in unseen scripts, and most in the one that is named.

    Emoji count where there is no letter.
    """
    for text, name in zip(texts, name_unseen_scripts(texts, seen=seen), strict=True):
        counts = count_scripts([text])
        unseen = {script: n for script, n in counts.items() if script not in seen}
        if sum(unseen.values()) > FOREIGN_FRACTION * counts.total():
            assert unseen[name] == max(unseen.values())
        elif not counts and "😀" in text:
            assert name == "EMOJI"
        else:
            assert name == ""


@pytest.mark.parametrize(
    ("text", "seen", "expected"),
    [
        ("👍🏽", ["LATIN"], "EMOJI"),
        ("❤️ 👨‍👩‍👧‍👦 10!", ["LATIN"], "EMOJI"),
        ("🇰🇷", ["HANGUL"], "EMOJI"),
        ("👍", ["LATIN", "EMOJI"], ""),
        ("ok 👍👍👍", ["LATIN"], ""),
        ("👍👍👍 좋아요", ["LATIN"], "HANGUL"),
        ("hello", ["EMOJI"], "LATIN"),
        ("12 !?", ["LATIN"], ""),
        ("👍", [], ""),
    ],
)
def test_emoji_alone_are_told_where_none_were_seen(text, seen, expected):
    """Beside letters, the letters decide; without any, emoji are what a text is written in."""
    assert name_unseen_scripts([text], seen=seen) == [expected]


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("\u2764\ufe0f", ""),
        ("\uff28\uff25", "LATIN"),
        ("\uff8a\uff85", "KATAKANA"),
        ("佐々木", "CJK"),
    ],
)
def test_letters_of_another_width_are_of_their_script(text, script):
    """Nor does what chooses the colours of an emoji make a script."""
    assert list(count_scripts([text])) == ([script] if script else [])


def test_emoji_need_a_thousandth_of_the_texts():
    """One emoji in very many texts teaches a model nothing."""
    assert has_emoji(["good 👍"] + ["좋아요"] * 900)
    assert not has_emoji(["good 👍"] + ["좋아요"] * 1100)
    assert not has_emoji(["①②", "★"[:0]])


def test_manifest_that_says_nothing_of_emoji_knows_them():
    """Models of earlier versions did not record whether their texts have any."""

    def scripts(**facts):
        return Manifest("linear", ("a", "b"), 0, training_data=facts).scripts

    assert scripts(scripts=["LATIN"]) == {"LATIN", "EMOJI"}
    assert scripts(scripts=["LATIN"], emoji=True) == {"LATIN", "EMOJI"}
    assert scripts(scripts=["LATIN"], emoji=False) == {"LATIN"}
    assert scripts(scripts=[], emoji=True) == {"EMOJI"}
    assert scripts() == frozenset()
