"""Files that are no text are known by how they begin, and texts are not taken for them."""

from __future__ import annotations

import bz2
import io
import tarfile

import pytest

from assay.data.files.beginnings import BEGINNINGS, is_binary, name_binary


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_beginning_has_a_name_and_advice(beginning):
    """In any case, and behind white space."""
    assert name_binary(beginning.upper() + b" more") == BEGINNINGS[beginning]


def test_bzip2_and_tar_are_known_by_more_than_letters():
    """A text may begin with BZh; the sign of tar is far behind the beginning."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("d.csv"))
    assert name_binary(stream.getvalue())[0] == "is a tar archive"
    assert name_binary(bz2.compress(b"text"))[0] == "is packed by bzip2"
    assert name_binary(b"BZh9 is a word\n") is None
    assert name_binary(b"text,label\n" * 50) is None
    assert name_binary(b"") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text,label\r\nso\tgood\x0b\x0c,pos\n",
        b"w\x01neg\n" * 9,
        b"w\x1fneg\x1e" * 9,
        "배송이 느려요\n".encode("iso2022_kr"),
        "배송이 느려요\n".encode("cp949"),
        b"text,label\nab\xff\xfe\x00\x81c,pos\nx,neg\n",
        b"text,label\n" + b"\x00\x03\x04,pos\n" * 50,
    ],
)
def test_texts_are_not_binary(content):
    """Nor are tables whose delimiter nobody sees, nor those with a damaged character."""
    assert not is_binary(content)


def test_control_characters_in_number_are_binary():
    """Nobody writes one in ten."""
    assert is_binary(bytes(range(64)) * 2)
    assert is_binary(b"\x7fELF\x02\x01\x01" + bytes(50))
