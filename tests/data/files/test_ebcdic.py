"""EBCDIC is known by its bytes, its lines may end in NEL, and it is written as it is read."""

from __future__ import annotations

import pytest

from assay.data.files.ebcdic import find_ebcdic, is_ebcdic, register_ebcdic
from assay.data.files.readers import read_rows
from assay.data.files.reading import Reading
from assay.data.files.relabelled import write_relabelled
from assay.data.load import load_data
from assay.errors import DataError

TEXT = "text,label\nso glad [and] happy!,joy\nthis was very sad^,sad\n"
GERMAN = "text,label\nschöne Größe für mich,joy\ndas war schlecht,sad\n"
ENCODINGS = ["cp037", "cp500", "cp273", "cp1047"]


@pytest.fixture(autouse=True)
def all_codecs():
    """Python has no cp1047."""
    register_ebcdic()


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", [b"\x15", b"\x25", b"\x0d\x25", b"\x0d\x15"])
def test_lines_end_as_mainframes_end_them(tmp_path, encoding, end):
    """In NEL or LF, after a carriage return or without one."""
    path = tmp_path / "d.csv"
    path.write_bytes(TEXT.encode(encoding).replace(b"\x25", end))
    splits = load_data(path, encoding=encoding)
    assert splits["all"].texts == ("so glad [and] happy!", "this was very sad^")
    assert splits["all"].labels == ("joy", "sad")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_likeliest_encoding_comes_first(tmp_path, encoding):
    """It makes letters and brackets of the bytes, others make rare signs of them."""
    path = tmp_path / "d.csv"
    path.write_bytes((GERMAN if encoding == "cp273" else TEXT).encode(encoding))
    with pytest.raises(DataError, match="in EBCDIC, the encoding of mainframes") as caught:
        read_rows(path)
    assert caught.value.flags[0] == f"--encoding {encoding}"
    assert len(set(caught.value.flags)) > 1


@pytest.mark.parametrize("end", [b"\x15", b"\x25"])
def test_corrected_file_is_written_as_it_was(tmp_path, end):
    """In its encoding, with its ends of line."""
    path, out = tmp_path / "d.csv", tmp_path / "out.csv"
    content = TEXT.encode("cp1047").replace(b"\x25", end)
    path.write_bytes(content)
    reading = Reading(encoding="cp1047")
    write_relabelled(path, out, {3: {"label": "joy"}}, reading=reading)
    assert out.read_bytes() == content.replace(",sad".encode("cp1047"), ",joy".encode("cp1047"))


def test_records_without_ends_of_line_have_no_command(tmp_path):
    """No encoding makes lines of them."""
    path = tmp_path / "d.csv"
    path.write_bytes(TEXT.replace("\n", " ").encode("cp037"))
    with pytest.raises(DataError, match="has no ends of line") as caught:
        read_rows(path)
    assert not caught.value.flags


@pytest.mark.parametrize(
    "content",
    [
        "сегодня хорошая погода\r".encode("cp1251"),
        "сегодня хорошая погода\r".encode("koi8-r"),
        "오늘은 날씨가 좋다\r".encode("cp949"),
        "오늘은 날씨가 좋다\r".encode(),
        "今天天气很好\r".encode("gb18030"),
        "สวัสดีครับผม\r".encode("tis-620"),
        bytes(range(128, 256)),
        b"",
    ],
)
def test_other_encodings_are_not_taken_for_it(content):
    """Even where no byte is a line feed."""
    assert find_ebcdic(content) is None


def test_codecs_are_told_by_their_letters():
    """Whatever they are called."""
    assert all(map(is_ebcdic, [*ENCODINGS, "cp1140"]))
    assert not any(map(is_ebcdic, ["utf-8", "cp1252", "utf-16", "shift_jis"]))
