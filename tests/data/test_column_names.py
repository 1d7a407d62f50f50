"""The well-known names of columns, in every language that has some."""

from __future__ import annotations

import unicodedata

import pytest

from assay.data.column_names import LABEL_NAMES, TEXT_NAMES, fold_name
from assay.data.columns import find_columns
from assay.errors import DataError


def test_well_known_names_are_distinct():
    """No name means both, none occurs twice, all are in the form they are compared in."""
    names = [name for tier in (*TEXT_NAMES, *LABEL_NAMES) for name in tier]
    assert len(names) == len(set(names))
    assert names == list(map(fold_name, names))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Abstract", "keywords"),
        ("plot", "Genres"),
        ("نص", "تصنيف"),
        ("النص", "التصنيف"),
        ("텍스트", "라벨"),
        ("본문", "분류"),
        ("本文", "ラベル"),
        ("文本", "标签"),
        ("內容", "類別"),
        ("текст", "метка"),
        ("पाठ", "श्रेणी"),
        ("Texto", "etiqueta"),
        ("Satz", "Kategorie"),
        ("Texte", "Catégorie"),
        ("טקסט", "תווית"),
        ("ข้อความ", "หมวดหมู่"),
        ("Nội dung", "Chủ đề"),
        ("noi_dung", "chu_de"),
        ("Văn bản", "Nhãn"),
        ("κείμενο", "ετικέτα"),
        ("টেক্সট", "লেবেল"),
        ("ტექსტი", "კატეგორია"),
        ("អត្ថបទ", "ស្លាក"),
        ("ຂໍ້ຄວາມ", "ປ້າຍກຳກັບ"),
        ("စာသား", "အညွှန်း"),
        ("உரை", "வகை"),
        ("відгук", "мітка"),
        ("تبصرہ", "زمرہ"),
        ("질문", "종류"),
        ("質問", "区分"),
        ("descripción", "tema"),
    ],
)
def test_columns_are_found_in_the_language_of_their_writer(text, label):
    """In any case and any form of Unicode, whatever else is there."""
    loose = unicodedata.normalize("NFD", label).upper()
    assert find_columns(["id", loose, text, "x"], source="x.csv") == (text, loose)


def test_english_names_come_before_those_of_other_languages():
    """What was found in a file before is found in it still."""
    names = ["texto", "review", "categoría", "category"]
    assert find_columns(names, source="x.csv") == ("review", "category")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("METİN", "ETİKET"),  # as Turkish capital letters are
        ("YORUM", "SINIF"),
        ("ORACION", "Categorie"),
        ("پيام", "برچسب"),  # with the yeh of an Arabic keyboard
        ("ﺍﻟﻨﺺ", "الـفـئة"),
        ("\u200fالنص\u200f", "\u202bتصنيف\u202c"),
        ("\u2067טקסט\u2069", "\u200eתווית"),
        ("ｔｅｘｔ", "ﾗﾍﾞﾙ"),
    ],
)
def test_names_are_found_however_they_are_typed(text, label):
    """Capital letters, accents left out, other keyboards, and marks that no one sees."""
    assert find_columns(["id", text, label], source="x.csv") == (text, label)


def test_a_name_copied_from_a_cell_is_that_of_its_column():
    """Spreadsheets copy marks of direction with it."""
    given = find_columns(["النص", "x"], text_column="\u200fالنص", label_column="x", source="x.csv")
    assert given == ("النص", "x")


def test_words_that_may_mean_something_else_come_last():
    """A table that was read before is read as before."""
    names = ["질문", "내용", "유형", "분류"]
    assert find_columns(names, source="x.csv") == ("내용", "분류")
    with pytest.raises(DataError) as caught:
        find_columns(["번호", "학생 질문", "종류"], source="x.csv")
    assert caught.value.flags == ("--text-column '학생 질문'",)
