"""Letters belong to scripts; numbers, signs and emoji to none."""

from assay.tokenization.scripts import count_scripts, find_script


def test_letters_and_marks_have_a_script_and_other_signs_none():
    """The names are the first words of what Unicode calls the characters."""
    found = [find_script(character) for character in "aя가あ漢กि7 !😀"]
    assert found[:7] == ["LATIN", "CYRILLIC", "HANGUL", "HIRAGANA", "CJK", "THAI", "DEVANAGARI"]
    assert set(found[7:]) == {""}


def test_scripts_are_counted_by_letters():
    """The most frequent comes first; a combining accent is of every script."""
    assert list(count_scripts(["서울 Seoul", "e\u0301té 2024"]).items()) == [
        ("LATIN", 8),
        ("HANGUL", 2),
    ]
    assert not count_scripts(["2024 !?", ""])


def test_letters_that_are_drawn_otherwise_are_of_the_script_of_the_usual_ones():
    """A text in mathematical letters is in Latin ones; the micro sign is in no script of its own."""
    assert dict(count_scripts(["𝓰𝓸𝓸𝓭 ℎℕℊ ＧＯ", "𝛼", "ｱｰ", "\uffa1\uffa0", "ﺏﷲ", "5 µg"])) == {
        "LATIN": 10,
        "KATAKANA": 2,
        "HANGUL": 2,
        "ARABIC": 2,
        "GREEK": 1,
    }
