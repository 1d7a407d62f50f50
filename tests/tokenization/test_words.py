"""Words, separated by white space; the pieces to show and the words to count in many scripts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.tokenization import find_words, split_words
from assay.tokenization.words import (
    check_rule,
    count_words,
    fold_text,
    separators,
    word_pattern,
    word_unit,
)

SCRIPTS = "aZ9_ é\u0301 한글\u1112\u1161 मेरादिन\u093f\u094d तमिழ் ไทยเเน้ำ ລາວ ខ្ញុំ ကောင်း བོད་ 漢字かなカナー שָׁלוֹם مَرْحَبًا 😀👍🏽👩\u200d👧🇰🇷 ★+#.,!"
MIXED = st.text(st.sampled_from(SCRIPTS) | st.characters(), max_size=30)


THAI = "วันนี้อากาศดี"


def test_scripts_without_spaces_are_split_where_others_are_not():
    """Characters of Han, runs of kana, syllables of Thai; what is between spaces stays whole elsewhere."""
    assert split_words("我用iPhone拍照, ok👍!") == ["我", "用", "iPhone", "拍", "照", ",", "ok👍!"]
    assert split_words(THAI) == ["วัน", "นี้", "อา", "กาศ", "ดี"]
    assert [count_words(text) for text in (THAI, "오늘 정말 좋아", "كتاب جديد", "")] == [5, 3, 2, 0]


def test_the_unit_is_named_after_what_was_counted():
    """One Chinese text among a hundred English ones does not change it; one of twenty does."""
    english = ["good day"] * 100
    assert [word_unit(texts) for texts in ([], english, [*english, "好"])] == ["words"] * 3
    assert word_unit([*english[:19], "好"]) == word_unit([THAI]) == "words_or_characters"


def test_words_of_the_sentence():
    """The notebook's sentence has 8 words, punctuation stays where it is."""
    words = split_words("Tokenizing text is a core task of NLP.")
    assert len(words) == 8
    assert words[-1] == "NLP."


def test_any_white_space_separates():
    """Runs, tabs, line ends and the ideographic space all count once."""
    assert split_words("  오늘\t정말\n\n행복\u3000해 ") == ["오늘", "정말", "행복", "해"]


@given(st.text())
def test_words_keep_everything_but_white_space(text):
    """No character that is not white space is lost, and no word is empty."""
    words = split_words(text)
    assert "".join(words) == "".join(c for c in text if not c.isspace())
    assert all(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("오늘 정말\t행복해!", ["오늘", "정말", "행복해!"]),
        ("今日は とても嬉しいカード!", ["今", "日", "は", "とても", "嬉", "しい", "カード", "!"]),
        ("我很高兴", ["我", "很", "高", "兴"]),
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),
        ("don't  stop", ["don't", "stop"]),
        ("เรียนน้ำ!", ["เรียน", "น้ำ", "!"]),
        ("ภาษาไทย", ["ภา", "ษา", "ไทย"]),
        ("วันนี้อากาศดีมากเลย", ["วัน", "นี้", "อา", "กาศ", "ดี", "มาก", "เลย"]),
        ("คนทุกวันจันทร์นี้คน", ["คน", "ทุก", "วัน", "จันทร์", "นี้", "คน"]),
        ("เพื่อนดื่มน้ำ", ["เพื่อน", "ดื่ม", "น้ำ"]),
        ("ພາສາລາວ", ["ພາ", "ສາ", "ລາວ"]),
        ("ពិភពលោក", ["ពិ", "ភព", "លោក"]),
        ("ខ្ញុំស្រឡាញ់", ["ខ្ញុំ", "ស្រ", "ឡា", "ញ់"]),
        ("ကောင်းပါတယ်", ["ကောင်း", "ပါ", "တယ်"]),
        ("བཀྲ་ཤིས།", ["བཀྲ་", "ཤིས", "།"]),
        ("मेरा दिन", ["मेरा", "दिन"]),
        (
            "좋아👨\u200d👩\u200d👧🇰🇷🇧🇷👍🏽😡❤️!",
            ["좋아", "👨\u200d👩\u200d👧", "🇰🇷", "🇧🇷", "👍🏽", "😡", "❤️", "!"],
        ),
        ("", []),
    ],
    ids=[
        "korean",
        "japanese",
        "chinese",
        "variation-selector",
        "english",
        "thai",
        "thai-leading-vowel",
        "thai-closed",
        "thai-silent",
        "thai-two-letter-vowels",
        "lao",
        "khmer-closed",
        "khmer",
        "burmese",
        "tibetan",
        "hindi",
        "emoji",
        "empty",
    ],
)
def test_words_are_found_where_no_space_parts_them(text, words):
    """White space parts words; ideographs and runs of kana are words without any."""
    assert [text[start:stop] for start, stop in find_words(text)] == words


@given(MIXED)
def test_found_words_are_the_split_words_or_parts_of_them(text):
    """Side by side they make up the runs between white space, whatever the text."""
    spans = find_words(text)
    gaps = [
        text[a:b] for (_, a), (b, _) in zip([(0, 0), *spans], [*spans, (len(text), 0)], strict=True)
    ]
    assert all(gap.isspace() or not gap for gap in gaps)
    assert "".join(text[a:b] for a, b in spans) == "".join(split_words(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("C++, c# & don't!", ["c", "+", "+", "c", "#", "&", "don", "t"]),
        ("मेरा दान था", ["मेरा", "दान", "था"]),
        ("தமிழ் நாடு", ["தமிழ்", "நாடு"]),
        ("שָׁלוֹם مَرْحَبًا", ["שָׁלוֹם", "مَرْحَبًا"]),
        ("나 참 좋아ㅠㅠ", ["나", "참", "좋아ㅠㅠ"]),
        ("Apple公司很好。", ["apple", "公", "司", "很", "好"]),
        ("か\u3099ん", ["が", "ん"]),
        ("น้ำ ไทย 50", ["น้ำ", "ไท", "ย", "50"]),
        (
            "ok👍🏽👍👩\u200d👩\u200d👧❤️🇰🇷🇺🇸1️⃣",
            ["ok", "👍🏽", "👍", "👩\u200d👩\u200d👧", "❤️", "🇰🇷", "🇺🇸", "1️⃣"],
        ),
        ("★★☆", ["★", "★", "☆"]),
        ("... !? \x00", []),
    ],
)
def test_words_to_count(text, words):
    """Letters keep their marks, emoji and signs are words, punctuation is none."""
    assert word_pattern().findall(fold_text(text)) == words


@given(MIXED)
def test_words_to_count_leave_out_only_punctuation(text):
    """What no word holds is white space or punctuation."""
    folded = fold_text(text)
    assert not separators().sub("", word_pattern().sub("", folded))


@given(MIXED)
def test_words_to_count_do_not_depend_on_the_form(text):
    """Composed and decomposed text has the same words."""
    composed = unicodedata.normalize("NFC", text)
    loose = unicodedata.normalize("NFD", text)
    found = [word_pattern().findall(fold_text(form)) for form in (composed, loose)]
    assert found[0] == found[1]


@given(MIXED)
def test_words_stay_within_white_space(text):
    """The words of a text are those of its parts between white space: parts can be cut once and kept."""
    folded = fold_text(text)
    by_part = [word for part in folded.split() for word in word_pattern().findall(part)]
    assert word_pattern().findall(folded) == by_part


def test_rule_of_0_1_0_is_kept():
    """Rule 1 knows letters, digits and the underscore, and puts no spaces anywhere."""
    assert word_pattern(1).findall(fold_text("दिन 好吃 C++", 1)) == ["द", "न", "好吃", "c"]


@pytest.mark.parametrize("rule", [0, 4, "2", None, True])
def test_unknown_rule_is_refused(rule):
    """A model of a later version may name one."""
    with pytest.raises(ValueError, match=r"words are cut by rule .*; rules \(1, 2, 3\) are known"):
        check_rule(rule)
