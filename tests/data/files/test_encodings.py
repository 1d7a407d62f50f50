"""Files that are not UTF-8: the right encoding is among those that are named, with what it reads.

Texts in ten languages, each in the encodings that its programs write.
"""

from __future__ import annotations

import pytest

from assay.data.files.decoding import advise_encoding
from assay.data.files.encodings import find_encodings
from assay.data.files.readers import read_rows

TEXTS = {
    "English": ["I don’t like it", "“so good”"],
    "German": ["Wie ändere ich mein Paßwort?", "Größe passt, schöne Farbe", "Für mich zu teuer"],
    "French": ["C’est très déçu", "ça ne marche pas", "Où est ma commande ?"],
    "Russian": ["Мне это не нравится", "отлично", "Очень плохо работает"],
    "Polish": ["źle działa", "świetny zakup, żółty", "nie mogę się zalogować"],
    "Greek": ["Δεν μου αρέσει", "πολύ καλό προϊόν"],
    "Chinese": ["今天天气很好", "我很难过", "这个产品不错，客服很好"],
    "Chinese of Taiwan": ["今天天氣很好", "我很難過", "這個產品不錯"],
    "Japanese": ["とても良い商品です", "最悪でした", "カスタマーサービスが悪い"],
    "Korean": ["슬퍼요", "정말 좋아요", "배송이 너무 느려요"],
}
WRITTEN = [
    ("English", "cp1252", "cp1252"),
    ("German", "cp1252", "cp1252"),
    ("German", "latin-1", "cp1252"),
    ("French", "cp1252", "cp1252"),
    ("Russian", "cp1251", "cp1251"),
    ("Polish", "cp1250", "cp1250"),
    ("Greek", "cp1253", "cp1253"),
    ("Chinese", "gbk", "gb18030"),
    ("Chinese", "gb18030", "gb18030"),
    ("Chinese of Taiwan", "big5", "big5"),
    ("Japanese", "shift_jis", "shift_jis"),
    ("Japanese", "euc-jp", "euc-jp"),
    ("Korean", "euc-kr", "cp949"),
    ("Korean", "cp949", "cp949"),
]


@pytest.mark.parametrize(("language", "written", "named"), WRITTEN)
@pytest.mark.parametrize("n_lines", [1, 3])
def test_right_encoding_is_named_with_what_it_reads(language, written, named, n_lines):
    """One line is enough for the right one to be among the candidates; it reads the text."""
    texts = TEXTS[language][:n_lines]
    found = find_encodings([text.encode(written) for text in texts])
    shown = {one.encoding: one.shown for one in found}
    # Where two encodings give the same text, either is right.
    readings = [text[:24].strip() for text in texts]
    assert any(excerpt in readings or excerpt in " ".join(texts) for excerpt in shown.values())
    assert named in shown
    assert len(found) <= 5


@pytest.mark.parametrize(("language", "written", "named"), WRITTEN)
def test_named_encoding_reads_the_file(tmp_path, language, written, named):
    """The first command fails with the candidates; with the right one the texts are there."""
    texts = TEXTS[language]
    path = tmp_path / "data.csv"
    table = "text;label\n" + "".join(f"{text};x\n" for text in texts)
    path.write_bytes(table.encode(written))
    problems = [row for row in read_rows(path) if row.problem]
    assert "bytes that are not UTF-8" in problems[0].problem
    assert f"--encoding {named}" in problems[0].fixes
    assert "may be" not in "".join(row.problem for row in problems[1:])
    assert [row.values["text"] for row in read_rows(path, encoding=named)] == texts


@pytest.mark.parametrize("written", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("language", TEXTS)
def test_utf_16_is_named(tmp_path, language, written):
    """With its mark or without, what Excel calls Unicode text is recognised, and only that is named."""
    path = tmp_path / "data.csv"
    path.write_bytes("".join(f"{text},x\n" for text in ["text", *TEXTS[language]]).encode(written))
    with pytest.raises(Exception, match="utf-16") as caught:
        list(read_rows(path))
    assert all("utf-16" in flag for flag in caught.value.flags)


def test_bytes_of_no_encoding_get_plain_advice():
    """Where nothing can be told, what to do is said in general."""
    assert find_encodings([b"plain"]) == []
    assert "name its encoding" in advise_encoding("plain", encoding="cp949").sentence
