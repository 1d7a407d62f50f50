"""Files that are not UTF-8: the right encoding is among those that are named, with what it reads.

Texts in many languages, each in the encodings that its programs write.
"""

from __future__ import annotations

import pytest

from assay.data.files.decoding import advise_encoding
from assay.data.files.encodings import find_encodings, name_java_form
from assay.data.files.readers import read_rows
from assay.data.load import load_data
from assay.errors import DataError

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
    "Spanish": ["El envío llegó rápido", "¿Dónde está mi pedido?", "muy mala atención, señor"],
    "Turkish": ["kargo geç geldi, şikayetçiyim", "çok güzel bir ürün", "iyi değil"],
    "Hebrew": ["שירות מצוין", "לא עובד בכלל", "המשלוח איחר מאוד"],
    "Arabic": ["خدمة ممتازة", "لا يعمل أبدا", "التوصيل متأخر جدا"],
    "Latvian": ["ātri piegādāja, paldies", "ļoti labs pakalpojums", "slikta kvalitāte, žēl"],
    # cp1258 has the tones as characters of their own.
    "Vietnamese": ["không hài lo\u0300ng vơ\u0301i di\u0323ch vu\u0323", "tôi râ\u0301t thích"],
    "Thai": ["สวัสดีครับ สินค้าดีมาก", "ส่งช้ามาก ไม่พอใจ"],
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
    ("Korean", "johab", "johab"),
    ("German", "cp437", "cp850"),
    ("German", "mac_roman", "mac-roman"),
    ("Spanish", "cp850", "cp850"),
    ("Spanish", "cp437", "cp850"),
    ("French", "mac_roman", "mac-roman"),
    ("Polish", "cp852", "cp852"),
    ("Polish", "iso8859-2", "iso8859-2"),
    ("Russian", "koi8-r", "koi8-r"),
    ("Russian", "cp866", "cp866"),
    ("Russian", "mac_cyrillic", "mac-cyrillic"),
    ("Turkish", "cp1254", "cp1254"),
    ("Hebrew", "cp1255", "cp1255"),
    ("Arabic", "cp1256", "cp1256"),
    ("Latvian", "cp1257", "cp1257"),
    ("Vietnamese", "cp1258", "cp1258"),
    ("Thai", "cp874", "cp874"),
    ("Thai", "tis-620", "cp874"),
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


def test_long_samples_are_not_cut_within_a_character():
    """A file of many lines in two bytes per character still names its encoding."""
    for n_before in (0, 1):
        lines = [b"x" * n_before + "가나다라마바사".encode("cp949")] * 3000
        assert "cp949" in [one.encoding for one in find_encodings(lines)]
    one_line = "가나다라마바사".encode("cp949") * 3000
    assert "cp949" in [one.encoding for one in find_encodings([one_line])]


def test_lone_bad_line_in_utf_8_is_a_bad_row_alone(tmp_path):
    """Where the others are UTF-8, no encoding is proposed that would spoil them; it is left out."""
    path = tmp_path / "d.csv"
    rows = "".join(f"schön {i},{'ab'[i % 2]}\n" for i in range(300))
    path.write_bytes(("text,label\n" + rows).encode() + b"caf\xe9,a\n")
    splits = load_data(path)
    assert len(splits["all"]) == 300
    reason = splits.dropped[0].reason
    assert (
        reason == "bytes that are not UTF-8 (0xE9 at character 4) in a file whose other lines are"
    )
    with pytest.raises(DataError, match="in a file whose other lines are"):
        load_data(path, strict=True)


def test_file_in_two_encodings_is_told_so(tmp_path):
    """Neither of them reads it: only both together are proposed."""
    path = tmp_path / "d.csv"
    path.write_bytes("text,label\nschön,a\nGröße,b\n".encode() + "für,a\nnö,b\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"two encodings: 2 lines .* 2 from line 4 on") as caught:
        load_data(path)
    assert "--encoding utf-8+cp1252" in caught.value.flags
    assert all("utf-8+" in flag for flag in caught.value.flags)
    path.write_bytes("text,label\nschön,a\nGröße,b\n".encode() + bytes(range(128, 256)) * 2)
    with pytest.raises(DataError, match="save it again in one") as caught:
        load_data(path)
    assert caught.value.flags == ()


@pytest.mark.parametrize(
    ("line", "form"),
    [
        (b"good \xed\xa0\xbd\xed\xb8\x8a", "CESU-8, as Oracle and Java write emoji"),
        (b"good \xc0\x80 day", "the modified UTF-8 of Java"),
        ("schön".encode("cp1252"), None),
    ],
)
def test_utf_8_of_java_is_no_other_encoding(tmp_path, line, form):
    """No encoding is proposed that would make letters of the halves of an emoji."""
    assert name_java_form([line]) == form
    path = tmp_path / "d.csv"
    path.write_bytes(b"text,label\n" + line + b",a\nx,b\n")
    (bad,) = [row for row in read_rows(path) if row.problem]
    if form is not None:
        assert f"it is {form}: export it as UTF-8" in bad.problem
        assert bad.fixes == ()
