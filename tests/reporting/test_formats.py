"""Numbers as a reader sees them."""

import pytest

from assay.reporting import formats


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (formats.percent(0.934), "93.4%"),
        (formats.percent(1.0), "100.0%"),
        (formats.percent(0.0004, 2), "0.04%"),
        (formats.interval([0.9234, 0.9451]), "92.3–94.5%"),
        (formats.count(16000), "16,000"),
        (formats.count(12.5), "12.5"),
        (formats.count(162.04), "162"),
        (formats.decimal(1.37, 2), "1.37"),
        (formats.p_value(0.21), "0.21"),
        (formats.p_value(0.0009), "< 0.001"),
        (formats.p_value(1.0), "1"),
        (formats.size(0), "0 B"),
        (formats.size(2_100), "2.1 kB"),
        (formats.size(999_999), "1.0 MB"),
        (formats.size(91_200_000), "91.2 MB"),
        (formats.size(123_400_000), "123 MB"),
        (formats.size(2_500_000_000), "2.5 GB"),
        (formats.duration(0.01), "< 0.1 s"),
        (formats.duration(3.21), "3.2 s"),
        (formats.duration(59.4), "59 s"),
        (formats.duration(120), "2 min"),
        (formats.duration(291), "4 min 51 s"),
        (formats.duration(3_725), "1 h 2 min"),
        (formats.rate(2417.3), "2,400"),
        (formats.rate(3.14), "3.1"),
    ],
)
def test_number_reads_well(text, expected):
    """Each kind of number is written in the unit and with the digits that a reader expects."""
    assert text == expected


@pytest.mark.parametrize(
    "write",
    [
        formats.percent,
        formats.interval,
        formats.count,
        formats.decimal,
        formats.p_value,
        formats.size,
        formats.duration,
        formats.rate,
    ],
)
def test_missing_number_is_a_dash(write):
    """What was not measured is a dash, not a zero."""
    assert write(None) == "–"


@pytest.mark.parametrize(
    ("given_source", "named"),
    [
        ("sample", "sample"),
        ("dair-ai/emotion", "dair-ai/emotion"),
        ("/home/me/mails.csv", "mails.csv"),
        ("../shared/data/emotion", "emotion"),
        ("~/x", "x"),
        ("C:\\Users\\me\\m.csv", "m.csv"),
        ("", ""),
    ],
)
def test_source_hides_the_folders_of_a_machine(given_source, named):
    """A Hub id stays; of a path only the last part is published."""
    assert formats.source(given_source) == named
