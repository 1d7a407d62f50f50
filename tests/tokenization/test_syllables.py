"""Syllables of Thai, as a Thai reads them, are found without a dictionary."""

import pytest

from assay.tokenization import find_words


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("มากครับ", ["มาก", "ครับ"]),
        ("เพราะเปลี่ยนแปลง", ["เพราะ", "เปลี่ยน", "แปลง"]),
        ("ใครอยู่ใกล้", ["ใคร", "อยู่", "ใกล้"]),
        ("คนไทยกลับบ้าน", ["คน", "ไทย", "กลับ", "บ้าน"]),
        ("รัฐบาลกลาง", ["รัฐ", "บาล", "กลาง"]),
        ("ไม่ชอบร้องเพลง", ["ไม่", "ชอบ", "ร้อง", "เพลง"]),
        ("ตรวจสอบพวกเขา", ["ตรวจ", "สอบ", "พวก", "เขา"]),
        ("หนักมากกว่าจริงๆ", ["หนัก", "มาก", "กว่า", "จริงๆ"]),
        ("จากลาโรคร้าย", ["จาก", "ลา", "โรค", "ร้าย"]),
        ("การกระทบเขากล่าว", ["การ", "กระ", "ทบ", "เขา", "กล่าว"]),
        ("ข้อสรุปดนตรี", ["ข้อ", "สรุป", "ดน", "ตรี"]),
    ],
    ids=[
        "onset",
        "onset-after-vowel",
        "vowel-never-closed",
        "onset-of-a-frequent-word",
        "onset-after-closing",
        "vowel-o",
        "vowel-ua",
        "silent-h",
        "no-onset",
        "k-that-begins",
        "other-onsets",
    ],
)
def test_syllables_are_those_that_a_reader_knows(text, syllables):
    """Two consonants may begin one, and a consonant may be its vowel."""
    assert [text[start:stop] for start, stop in find_words(text)] == syllables


def test_a_long_run_of_bare_consonants_takes_no_time():
    """The pattern tries a bounded number of syllables, whatever a stranger sends."""
    for text in ("อ" * 3000, "กอว" * 1000, "ก" * 3001, "ว้ก" * 1000):
        assert "".join(text[a:b] for a, b in find_words(text)) == text
