"""Files in two encodings: no line is read as garbage without a word, and one command reads all.

`assay.data.files.file_errors` is tested here too, with a file that is in neither encoding.
"""

from __future__ import annotations

import gzip
import io
import logging

import pytest

from assay.data.files.decoding import Lines, check_encoding, decode_bytes, open_text
from assay.data.files.formats import file_kind
from assay.data.files.mixed_encoding import (
    LineSurvey,
    Recoder,
    looks_like_utf_8,
    other_encoding,
    recode,
    takes_lines_of,
)
from assay.data.files.readers import read_rows
from assay.data.files.reading import Reading
from assay.data.files.relabelled import write_relabelled
from assay.data.files.remembered import complete_reading
from assay.data.files.style import style_of
from assay.data.load import load_data
from assay.errors import DataError, InputError

PAIRS = [("très bien", "pos"), ("häßlich à voir", "neg"), ("süß", "pos"), ("dégoûtant", "neg")]
LINES = [f"{text} {i},{label}\n" for i in range(30) for text, label in PAIRS]
KOREAN = [f"아주 좋아요 {i},긍정\n정말 싫어요 {i},부정\n" for i in range(30)]


def _write(path, first, second, lines=LINES):
    """Write a header and lines, the first half in one encoding, the second in another."""
    half = len(lines) // 2
    content = "".join(["text,label\n", *lines[:half]]).encode(first)
    path.write_bytes(content + "".join(lines[half:]).encode(second))
    return path


def _texts(lines=LINES):
    return [line.rpartition(",")[0] for line in "".join(lines).splitlines()]


@pytest.mark.parametrize(
    ("lines", "other"), [(LINES, "cp1252"), (LINES, "mac-roman"), (KOREAN, "cp949")]
)
@pytest.mark.parametrize("is_first", [False, True])
def test_file_in_two_encodings_is_refused_with_the_one_command_that_reads_it(
    tmp_path, lines, other, is_first
):
    """The lines in UTF-8 tell in which encoding the others are; each line is then read as it is."""
    encodings = (other, "utf-8") if is_first else ("utf-8", other)
    path = _write(tmp_path / "d.csv", *encodings, lines=lines)
    with pytest.raises(DataError, match="the file is in two encodings") as caught:
        load_data(path)
    assert caught.value.flags == (f"--encoding utf-8+{other}",)
    where = "are not and may be" if is_first else "on are not and may be"
    assert where in caught.value.message
    splits = load_data(path, encoding=f"utf-8+{other}")
    assert list(splits["all"].texts) == _texts(lines)


def test_how_many_lines_are_read_in_the_other_encoding_is_said_once(tmp_path, caplog):
    """The warning counts them and shows the first one."""
    path = _write(tmp_path / "halves.csv", "utf-8", "cp1252")
    for _ in range(2):
        load_data(path, encoding="utf-8+cp1252")
    said = [one for one in caplog.messages if "are read as cp1252" in one]
    assert said == [
        "halves.csv: 60 lines are not UTF-8 and are read as cp1252; "
        "the first is line 62 ('très bien 15,pos')"
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_lines_of_utf_8_are_not_read_as_garbage(tmp_path, encoding):
    """An encoding that reads all bytes would make 'trÃ¨s' of 'très': it is refused with the answer."""
    path = _write(tmp_path / "d.csv", "cp1252", "utf-8")
    with pytest.raises(DataError, match="line 62: UTF-8 in a file that is read as") as caught:
        load_data(path, encoding=encoding)
    assert "'très bien 15,pos'" in caught.value.message
    assert "59 more like it" in caught.value.message
    (flag,) = caught.value.flags
    splits = load_data(path, encoding=flag.removeprefix("--encoding "))
    assert list(splits["all"].texts) == _texts()


def test_many_lines_that_are_not_utf_8_come_with_a_command(tmp_path):
    """Up to one in a hundred is left out; more are an error that names what reads them."""
    path = tmp_path / "d.csv"
    path.write_bytes("".join(["text,label\n", *LINES]).encode() + b"caf\xe9 \xe0 voir,pos\n" * 9)
    with pytest.raises(DataError, match="in a file whose other lines are") as caught:
        load_data(path)
    assert "--encoding utf-8+cp1252" in caught.value.flags


def test_both_encodings_are_remembered_and_written_as_one(tmp_path):
    """What follows such a file is UTF-8, and so is the file with other labels."""
    path = _write(tmp_path / "d.csv", "utf-8", "cp1252")
    recorded = {"encoding": "utf-8+cp1252", "delimiter": ",", "kind": file_kind(path)}
    completed = complete_reading({"encoding": None, "delimiter": None}, recorded, path)
    assert completed == {"encoding": "utf-8+cp1252", "delimiter": ","}
    reading = Reading(encoding="utf-8+cp1252")
    style = style_of(path, reading, like=tmp_path / "out.csv")
    assert style is not None
    assert style.encoding == "utf-8"
    out = tmp_path / "fixed.csv"
    write_relabelled(path, out, {2: {"label": "neg"}}, reading=reading)
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[1] == "très bien 0,neg"
    assert lines[2:] == "".join(LINES).splitlines()[1:]


@pytest.mark.parametrize("encoding", ["utf-8+utf-16", "utf-8+utf-8", "utf-8+hz", "UTF8+iso2022_jp"])
def test_encoding_that_cannot_be_among_lines_of_utf_8_is_refused(encoding):
    """It is said what is accepted."""
    with pytest.raises(InputError, match=r"cannot be among lines of UTF-8; utf-8\+cp1252"):
        Reading(encoding=encoding)


def test_names_of_encodings():
    """Any name that Python knows is taken; an unknown one is named."""
    assert Reading(encoding="UTF8+Latin-1").codec == "utf-8+iso8859-1"
    assert other_encoding("utf-8-sig") is None
    assert [takes_lines_of(one) for one in ("cp949", "koi8-r", "cp037")] == [True, True, False]
    with pytest.raises(InputError, match="encoding 'klingon' is unknown"):
        Reading(encoding="utf-8+klingon")


@pytest.mark.parametrize(
    ("line", "codec", "expected"),
    [
        ("schön", "cp1252", "schön"),
        ("don’t", "cp1252", "don’t"),
        ("Ł", "cp1252", None),
        ("Łódź", "cp1250", "Łódź"),
        ("좋아요", "cp949", "좋아요"),
        ("좋", "cp949", None),
        ("да", "cp1251", None),
        ("хорошо", "cp1251", "хорошо"),
    ],
)
def test_short_lines_are_not_taken_for_utf_8_by_accident(line, codec, expected):
    """Bytes that are UTF-8 may be letters of another encoding where they are few."""
    assert looks_like_utf_8(line.encode(), codec) == expected
    assert looks_like_utf_8("für".encode("cp1252"), codec) is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_bytes_come_the_same_in_pieces_of_any_size(end, size):
    """Lines are never cut within a character, and every end of line is kept."""
    lines = [f"{text} {i}{end}" for i, text in enumerate(_texts())]
    content = b"".join(line.encode("cp1252" if i % 3 else "utf-8") for i, line in enumerate(lines))
    content = content.removesuffix(end.encode())
    expected = "".join(lines).removesuffix(end)
    stream = io.BufferedReader(Recoder(io.BytesIO(content), "cp1252", "d"), buffer_size=size)
    pieces = iter(lambda: stream.read(size), b"")
    assert b"".join(pieces).decode() == expected
    assert recode(content, "cp1252").decode() == expected
    assert decode_bytes(content, "utf-8+cp1252") == expected


def test_names_of_two_encodings_come_in_any_order():
    """UTF-8 is what lines are tried as first, under any of its names."""
    assert check_encoding("cp1252+UTF8") == check_encoding("utf-8+cp1252")
    with pytest.raises(InputError, match="lines in utf-16 cannot be among lines of UTF-8"):
        check_encoding("utf-16+utf-8")


def test_line_without_end_does_not_fill_the_memory(tmp_path, monkeypatch):
    """It is passed on in pieces, as long as it may be."""
    monkeypatch.setattr("assay.data.files.mixed_encoding.MAX_LINE_BYTES", 1 << 17)
    content = "é".encode("cp1252") * (1 << 20)
    recoder = Recoder(io.BytesIO(content), "cp1252", "long")
    assert io.BufferedReader(recoder).read().decode() == "é" * (1 << 20)


def test_lines_that_are_neither_keep_their_problem(tmp_path):
    """What cannot be decoded in either encoding is named, in a packed file too."""
    path = tmp_path / "d.csv.gz"
    path.write_bytes(gzip.compress("text,label\nschön,a\n".encode() + b"\x81\x8d,b\n\xfc,a\n"))
    rows = list(read_rows(path, encoding="utf-8+cp1252"))
    assert [row.values["text"] for row in rows if not row.problem] == ["schön", "ü"]
    (bad,) = [row.problem for row in rows if row.problem]
    assert bad.startswith("bytes that are not utf-8 or cp1252 (0x81 0x8D at character 1)")
    assert "it is in a third encoding" in bad
    path.write_bytes(b"\x1f\x8b no gzip")
    with pytest.raises(DataError, match="is not a whole gzip file"):
        list(read_rows(path))


def test_survey_counts_lines_and_tells_blocks():
    """Lines of ASCII say nothing of an encoding."""
    utf_8, other = "schön\n".encode(), "für\n".encode("cp1252")
    found = LineSurvey.of(io.BytesIO(b"plain\n" + utf_8 * 2 + b"plain\n" + other * 3))
    assert (found.n_utf_8, found.n_other, found.first_other, found.is_block) == (2, 3, 5, True)
    assert found.letters == {"ö"}
    found = LineSurvey.of(io.BytesIO(other + utf_8 + other))
    assert (found.first_other, found.is_block, len(found.others)) == (1, False, 2)
    nothing = LineSurvey.of(io.BytesIO(b"plain\n"))
    assert (nothing.n_utf_8, nothing.n_other, nothing.is_block) == (0, 0, False)
    assert nothing.candidates() == []


def test_a_stream_in_two_encodings_is_left_open(caplog):
    """Standard input is read as files are."""
    caplog.set_level(logging.WARNING)
    stream = io.BytesIO("schön\n".encode() + "für\n".encode("cp1252"))
    with open_text(stream, encoding="utf-8+cp1252", newline="\n") as text:
        lines = list(Lines(text, encoding="utf-8+cp1252"))
    assert lines == ["schön\n", "für\n"]
    assert not stream.closed
    assert caplog.messages == ["input: line 2 is read as cp1252 ('für')"]
