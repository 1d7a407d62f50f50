"""Encodings of seven bits, of two and of four bytes are known by what they leave in the bytes."""

from __future__ import annotations

import pytest

from assay.data.files.ebcdic import register_ebcdic
from assay.data.files.readers import read_lines, read_rows
from assay.data.files.signatures import find_signature
from assay.errors import DataError

KOREAN = "배송이 너무 느려요;neg\n정말 좋아요;pos\n"
JAPANESE = "とても良い商品です;pos\n最悪でした;neg\n"
CHINESE = "这个产品不错;pos\n我很难过;neg\n"
WRITTEN = [
    (KOREAN, "utf-16", "utf-16"),
    (KOREAN, "utf-16-le", "utf-16-le"),
    (KOREAN, "utf-16-be", "utf-16-be"),
    (KOREAN, "utf-32", "utf-32"),
    (KOREAN, "utf-32-le", "utf-32-le"),
    (KOREAN, "utf-32-be", "utf-32-be"),
    ("so glad;joy\nso sad;sad\n", "utf-16-le", "utf-16-le"),
    ("so glad;joy\nso sad;sad\n", "utf-32-be", "utf-32-be"),
    (KOREAN, "iso2022_kr", "iso2022_kr"),
    (JAPANESE, "iso2022_jp", "iso2022_jp"),
    (CHINESE, "hz", "hz"),
    (CHINESE, "utf-7", "utf-7"),
    ("schöne Größe;pos\nfür mich zu groß;neg\n", "utf-7", "utf-7"),
    ("so glad [and] happy!;pos\nso sad;neg\n", "cp037", "cp037"),
    ("so glad [and] happy!;pos\nso sad;neg\n", "cp500", "cp500"),
    ("so glad [and] happy!;pos\nso sad;neg\n", "cp1047", "cp1047"),
    ("schöne Größe;pos\nfür mich zu groß;neg\n", "cp273", "cp273"),
]


@pytest.mark.parametrize(("text", "written", "named"), WRITTEN)
@pytest.mark.parametrize("suffix", [".csv", ".txt"])
def test_encoding_is_named_and_reads_the_file(tmp_path, text, written, named, suffix):
    """Before any row is read: with a line as it is in that encoding, which the flag then reads."""
    register_ebcdic()  # Python has no cp1047
    path = tmp_path / f"d{suffix}"
    path.write_bytes(text.encode(written))
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert caught.value.flags[0] == f"--encoding {named}"
    assert f"'{text.splitlines()[0][:12]}" in caught.value.message
    rows = list(read_rows(path, encoding=named, header=False))
    assert "".join(";".join(map(str, row.values.values())) + "\n" for row in rows) == text
    with pytest.raises(DataError, match="a line of it is"):
        read_lines(path)


@pytest.mark.parametrize(
    "content",
    [
        b"text,label\nso glad,joy\n",
        b"text,label\ncall +4915123456789 or +15551234567,a\nC++ and c+foo,b\n",
        b"text,label\n1+1 is ~{2}~ and a+b,a\n~{ab} ~,b\n",
        b"text,label\nth\0e end,a\nthe\0 end,b\n",
        b"text,label\na,b\n" + bytes(500),
        "텍스트,라벨\n좋아요,a\n".encode(),
        "text,label\ncafé,a\n".encode("cp1252"),
        b"",
        b"\0",
    ],
)
def test_other_files_have_no_signature(content):
    """Plus signs, braces, single null bytes and other encodings are no signs."""
    assert find_signature(content) is None


def test_what_may_be_plain_text_can_be_read_as_such(tmp_path):
    """UTF-7 and HZ use characters that texts have too, so both commands are shown."""
    path = tmp_path / "d.csv"
    path.write_bytes(("text;label\n" + CHINESE).encode("hz"))
    with pytest.raises(
        DataError, match="encoding='utf-8' takes the characters as they are"
    ) as caught:
        read_rows(path)
    assert caught.value.flags == ("--encoding hz", "--encoding utf-8")
    assert next(read_rows(path, encoding="utf-8")).values["text"].startswith("~{")
