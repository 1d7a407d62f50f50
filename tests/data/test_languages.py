"""Rows in another language than the rest of their split."""

from __future__ import annotations

import pytest

from assay.data.languages import UNDETERMINED, find_wrong_language, identify_language

pytest.importorskip("py3langid")

ENGLISH = [
    "i feel so happy about the new job that i got",
    "how do i activate the new card for my account",
    "my transfer to a friend did not go through yesterday",
    "i was feeling a little bit sad this morning",
    "why was i charged a fee when i paid in the shop",
    "the weather makes me feel alone and tired",
    "please tell me where my money has gone",
    "i love how calm everyone is around here",
    "ok",
    "Visa or Mastercard?",
]
KOREAN = [
    "오늘 정말 행복해요 친구들과 함께",
    "배송이 너무 늦어서 화가 납니다",
    "LG V50 씽큐 5G 체험 행사가 열립니다",
    "카드를 잃어버렸는데 어떻게 하나요",
    "내일 날씨가 맑았으면 좋겠습니다",
]
GERMAN = "Ich fühle mich heute sehr traurig und allein"


def test_foreign_rows_are_found_among_english_ones():
    """German, Korean and Russian rows are named; short ones and names do not."""
    found = find_wrong_language(
        [*ENGLISH, GERMAN, KOREAN[0], "мне сегодня очень грустно", *ENGLISH]
    )
    assert found.main == "en"
    assert [(one.row, one.language) for one in found.wrong] == [(10, "de"), (11, "ko"), (12, "ru")]
    assert all(one.score > 0.99 for one in found.wrong)


def test_foreign_row_is_found_among_korean_ones():
    """The main language is that of the split, whichever it is."""
    found = find_wrong_language([*KOREAN, ENGLISH[0]])
    assert (found.main, [one.row for one in found.wrong]) == ("ko", [5])


def test_one_language_has_no_wrong_rows():
    """No false alarm on short English and on Korean with Latin names."""
    assert find_wrong_language(ENGLISH).wrong == ()
    assert find_wrong_language(KOREAN).wrong == ()


def test_split_of_two_languages_has_no_main_one():
    """A data set that mixes languages on purpose is not flagged row by row."""
    found = find_wrong_language([*ENGLISH[:5], *KOREAN])
    assert (found.main, found.wrong) == (None, ())
    assert found.fraction == pytest.approx(0.5)


def test_texts_too_short_to_tell_have_no_language():
    """One word, digits and emoji are not judged."""
    assert find_wrong_language(["ok", "12345 678", "😀😀", ""]).to_dict() == {
        "main": None,
        "fraction": 0.0,
        "n_wrong": 0,
    }


def test_lone_surrogate_is_judged_without_error():
    """What JSON can hold and UTF-8 cannot does not stop the search."""
    assert find_wrong_language([ENGLISH[0] + "\ud800"]).main == "en"


def test_progress_counts_every_text():
    """Whoever shows progress hears of each text once."""
    heard = []
    find_wrong_language(ENGLISH, advance=heard.append)
    assert sum(heard) == len(ENGLISH)


@pytest.mark.parametrize(
    "text",
    [
        "ᎣᏏᏲ ᏙᎯᏧ ᎢᏣᎵ ᎠᏰᎵ ᎡᎶᎯ",  # Cherokee, which the library would call Korean
        "ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ ᠪᠢᠴᠢᠭ",  # Mongolian letters, Amharic to it with 0.97
        "ᐃᓄᒃᑎᑐᑦ ᐅᖃᐅᓯᖅ ᐃᓄᒃᑎᑐᑦ",
        "😀😡🎉😀😡🎉😀😡🎉",
    ],
)
def test_no_language_is_told_of_letters_that_the_library_does_not_know(text):
    """It names one for every text; neither a choice nor a finding may rest on that."""
    assert identify_language(text) == (UNDETERMINED, 0.0)
    found = find_wrong_language([*KOREAN, text])
    assert (found.main, found.wrong) == ("ko", ())


def test_letters_of_known_scripts_are_told():
    """The alphabets beside each other in one block table stay apart from those without a name."""
    told = {
        "ka": "გამარჯობა ჩემო ძვირფასო მეგობარო",
        "am": "የአማርኛ ቋንቋ ነው ዛሬ በጣም ደስተኛ ነኝ",
        "hy": "բարեւ ընկեր ջան ինչպես ես",
        "km": "ភាសាខ្មែរ ល្អណាស់",
        "my": "မြန်မာစာ ကောင်းတယ်",
        "ta": "இந்த உணவு மிகவும் சுவை",
    }
    assert {code: identify_language(text)[0] for code, text in told.items()} == {
        code: code for code in told
    }


def test_hebrew_with_points_is_hebrew():
    """The library takes points for a sign of the Bible's language."""
    assert identify_language("הַיּוֹם חַם מְאוֹד בְּתֵל אָבִיב עַכְשָׁיו")[0] == "he"


@pytest.mark.parametrize(
    "text", ["ㅋㅋㅋㅋㅋㅋㅋㅋㅋ", "ㅠㅠㅠㅠ ㅎㅎㅎㅎ!! 😀", "\u1112\u1161\u11ab\u1100\u1173\u11af"]
)
def test_korean_letters_alone_are_korean(text):
    """Laughter and tears were Japanese, syllables in their parts anything."""
    assert identify_language(text) == ("ko", 1.0)


@pytest.mark.parametrize("text", ["", "😀😀😀😀😀😀", "12345", "!!! ???"])
def test_no_language_is_told_without_letters(text):
    """The library named Serbian."""
    assert identify_language(text) == (UNDETERMINED, 0.0)
