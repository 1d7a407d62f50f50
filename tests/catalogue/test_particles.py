"""Particles fit the word before them, whatever it is written in."""

import pytest

from assay.catalogue.particles import fit_particle

AFTER_CONSONANT = [
    "라벨",
    "훈련",
    "감정",
    "93",
    "100",
    "1,000",
    "6.1",
    "7",
    "8",
    "train",
    "minilm",
    "finetune",
    "spam",
    "label",
    "file",
    "table",
    "time",
    "book",
    "map",
    "bot",
    "topic",
    "club",
    "XL",
    "HR",
    "json",
    "json.jsonl",
    "라벨”",
    "(라벨)",
    "`라벨`",
    "*라벨*",
    "배송(2)",
    "ㅋㅋ",
    "ㅎ",
    "감정!",
    "\u1100\u1161\u11b7",  # 감, as macOS writes it
    "\uff38\uff2c",
    "\uff11",
    "crème",
]
AFTER_VOWEL = [
    "정확도",
    "데이터",
    "2",
    "4",
    "9",
    "95%",
    "e5",
    "linear",
    "compact",
    "features",
    "majority",
    "validation2",
    "test",
    "joy",
    "great",
    "data.csv",
    "data.txt",
    "NASA",
    "anger",
    "나",
    "정확도”",
    "분노(10)",
    "ㅠㅠ",
    "뭐야?",
    "\u1102\u1161",  # 나
    "\uff21\uff29",
    "\uff12",
    "café",
    "C++",
    "C#",
]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("\u2068שלום 음식\u2069", "을"),
        ("날씨\u200f", "를"),
        ("감정\u200b", "을"),
        ("カレー", "를"),
        ("ﾗｰﾒﾝ", "을"),
        ("ｽﾎﾟｰﾂ", "를"),
        ("うどん", "을"),
    ],
)
def test_hidden_characters_and_kana_are_read(word, expected):
    """Marks of direction around a label hid its end; kana have a sound, as Hangul has."""
    assert fit_particle(word, "을", "를") == expected


@pytest.mark.parametrize("word", AFTER_CONSONANT)
def test_first_particle_follows_a_consonant(word):
    """Hangul, digits as they are read, Latin letters as Koreans read them; marks do not count."""
    assert fit_particle(word, "을", "를") == "을"


@pytest.mark.parametrize("word", AFTER_VOWEL)
def test_second_particle_follows_a_vowel(word):
    """Also units: 95% is read 95퍼센트."""
    assert fit_particle(word, "은", "는") == "는"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("라벨", "로"),
        ("정확도", "로"),
        ("감정", "으로"),
        ("1", "로"),
        ("3", "으로"),
        ("ㄹ", "로"),
        ("ㅋㅋ", "으로"),
        ("日本", "(으)로"),
    ],
)
def test_liquid_is_like_a_vowel_before_ro(word, expected):
    """라벨로, not 라벨으로."""
    assert fit_particle(word, "으로", "로") == expected


@pytest.mark.parametrize("word", ["日本", "привет", "😀", "", "…", "สวัสดี"])
def test_both_are_written_where_the_sound_is_unknown(word):
    """As Koreans do in forms: 을(를), 이(가)."""
    assert fit_particle(word, "을", "를") == "을(를)"
    assert fit_particle(word, "이", "가") == "이(가)"
