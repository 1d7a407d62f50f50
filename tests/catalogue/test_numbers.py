"""Numbers are written as a reader of the language writes them."""

import pytest

from assay.catalogue import open_language

EN, KO = (open_language(code).numbers for code in ("en", "ko"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (EN.percent(0.934), "93.4%"),
        (EN.percent(51 / 80), "63.8%"),
        (EN.percent(63 / 80), "78.8%"),
        (EN.percent(51 / 80, 2), "63.75%"),
        (KO.percent(0.5625), "56.3%"),
        (EN.percent(1.0), "100.0%"),
        (EN.percent(1e-12), "0.0%"),
        (EN.percent(None), "–"),
        (EN.exact_percent(0.95), "95.0%"),
        (EN.exact_percent(0.57), "57.0%"),
        (EN.exact_percent(0.9999), "99.99%"),
        (EN.interval((0.923, 0.945)), "92.3–94.5%"),
        (KO.interval((0.923, 0.945)), "92.3~94.5%"),
        (EN.count(2000), "2,000"),
        (EN.count(12.5), "12.5"),
        (EN.decimal(0.12345), "0.123"),
        (EN.p_value(0.00002), "< 0.001"),
        (EN.p_value(0.42), "0.42"),
        (EN.ratio(9.04), "9.0"),
        (EN.ratio(1234.5), "1,234"),
        (EN.rate(2417.3), "2,400"),
        (EN.size(9_400_000), "9.4 MB"),
        (KO.size(9_400_000), "9.4MB"),
        (EN.size(999_700), "1.0 MB"),
        (EN.duration(0.02), "< 0.1 s"),
        (EN.duration(291), "4 min 51 s"),
        (KO.duration(291), "4분 51초"),
        (EN.duration(240), "4 min"),
        (EN.duration(3700), "1 h 1 min"),
        (KO.duration(3700), "1시간 1분"),
    ],
)
def test_numbers_are_written_for_their_readers(written, expected):
    """Units, ranges and dashes."""
    assert written == expected


def test_points_and_commas_can_change_places():
    """As in German: 1.234,5."""
    german = type(EN)(",", ".", " %", "–", EN.units)
    assert german.count(1234.5) == "1.234,5"
    assert german.percent(0.934) == "93,4 %"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EN.percent(0.934), "93.4%"),
        (EN.percent(1.0), "100.0%"),
        (EN.percent(0.0004, 2), "0.04%"),
        (EN.interval([0.9234, 0.9451]), "92.3–94.5%"),
        (EN.count(16000), "16,000"),
        (EN.count(12.5), "12.5"),
        (EN.count(162.04), "162"),
        (EN.decimal(1.37, 2), "1.37"),
        (EN.p_value(0.21), "0.21"),
        (EN.p_value(0.0009), "< 0.001"),
        (EN.p_value(1.0), "1"),
        (EN.size(0), "0 B"),
        (EN.size(2_100), "2.1 kB"),
        (EN.size(999_999), "1.0 MB"),
        (EN.size(91_200_000), "91.2 MB"),
        (EN.size(123_400_000), "123 MB"),
        (EN.size(2_500_000_000), "2.5 GB"),
        (EN.duration(0.01), "< 0.1 s"),
        (EN.duration(3.21), "3.2 s"),
        (EN.duration(59.4), "59 s"),
        (EN.duration(120), "2 min"),
        (EN.duration(291), "4 min 51 s"),
        (EN.duration(3_725), "1 h 2 min"),
        (EN.rate(2417.3), "2,400"),
        (EN.rate(3.14), "3.1"),
    ],
)
def test_number_reads_well(text, expected):
    """Each kind of number is written in the unit and with the digits that a reader expects."""
    assert text == expected


@pytest.mark.parametrize(
    "write",
    [
        EN.percent,
        EN.interval,
        EN.count,
        EN.decimal,
        EN.p_value,
        EN.size,
        EN.duration,
        EN.rate,
    ],
)
def test_missing_number_is_a_dash(write):
    """What was not measured is a dash, not a zero."""
    assert write(None) == "–"
