"""Well-known names of the columns that hold texts and labels, in the languages of their writers.

Names come in tiers: a column of an earlier tier is taken before one of a later tier, and two
columns of one tier are ambiguous. The last tiers are those of other languages than English and
Korean, first the words for "text" and "label" themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from assay.data.label_forms import trim
from assay.tokenization.letters import write_usual

__all__ = ["LABEL_NAMES", "TEXT_NAMES", "fold_name"]

ACCENTS = re.compile("[\u0300-\u036f]")  # of Latin, Greek and Cyrillic letters alone
DOTLESS_I = "\u0131"  # whose capital letter is that of "i" to Python

ENGLISH_TEXT_NAMES = (
    "sentence content review tweet message headline title utterance query question comment "
    "document body post description statement sms news input review_text comment_text question_text"
)
LONG_TEXT_NAMES = "abstract plot synopsis transcript"
KOREAN_TEXT_NAMES = "텍스트 문장 내용 본문 제목 리뷰 후기 의견 댓글"
ENGLISH_LABEL_NAMES = (
    "category class intent emotion sentiment topic target tag genre class_name y output"
)
SEVERAL_LABEL_NAMES = "topics tags keywords genres categories emotions"
KOREAN_LABEL_NAMES = "라벨 레이블 감정 감성 분류 카테고리 주제 의도"
# Words that may mean something else, too: taken where a table has none of the others.
LAST_TEXT_NAMES = "질문 문의 質問 投稿 感想 consulta opinión descripción"
LAST_LABEL_NAMES = "종류 유형 種類 種別 区分 tema sentimiento"
# By language: the words for "text"; those for a sentence, a comment, a message and the like; the
# words for "label"; those for a category, a class and a sentiment. Those of Korean and English are
# above, and a word that several languages have is there once. A name of two words has them joined
# by "_", and is known with a space, too.
OTHER_LANGUAGES = {
    "ar": ("نص النص", "جملة تعليق تغريدة رسالة مراجعة", "وسم التسمية", "تصنيف التصنيف فئة الفئة"),
    "bn": ("টেক্সট পাঠ্য", "বাক্য মন্তব্য বার্তা", "লেবেল", "শ্রেণি বিভাগ"),
    "de": ("", "satz kommentar nachricht", "etikett", "kategorie klasse stimmung"),
    "el": ("κείμενο", "πρόταση σχόλιο μήνυμα κριτική", "ετικέτα", "κατηγορία"),
    "es": ("texto", "frase oración comentario mensaje reseña", "etiqueta", "categoría clase"),
    "fa": ("متن", "جمله نظر پیام", "برچسب", "دسته احساس"),
    "fr": ("texte", "phrase commentaire", "étiquette", "catégorie classe"),
    "he": ("טקסט", "משפט תגובה הודעה", "תווית תגית", "קטגוריה סיווג"),
    "hi": ("पाठ टेक्स्ट", "वाक्य टिप्पणी संदेश समीक्षा", "लेबल", "श्रेणी वर्ग भावना"),
    "id": ("teks", "kalimat komentar ulasan", "", "kategori kelas"),
    "it": ("testo", "commento messaggio recensione", "etichetta", "categoria"),
    "ja": (
        "本文 テキスト",
        "文章 文 コメント レビュー 口コミ",
        "ラベル",
        "分類 カテゴリ カテゴリー 感情",
    ),
    "ka": ("ტექსტი", "წინადადება კომენტარი", "ეტიკეტი იარლიყი", "კატეგორია"),
    "km": ("អត្ថបទ", "ប្រយោគ មតិ", "ស្លាក", "ប្រភេទ"),
    "lo": ("ຂໍ້ຄວາມ", "ປະໂຫຍກ", "ປ້າຍກຳກັບ", "ໝວດໝູ່"),
    "my": ("စာသား", "ဝါကျ မှတ်ချက်", "အညွှန်း", "အမျိုးအစား"),
    "nl": ("tekst", "zin bericht", "", "categorie"),
    "pl": ("", "zdanie komentarz", "etykieta", "kategoria klasa"),
    "pt": ("", "comentário mensagem avaliação", "rótulo", ""),
    "ru": (
        "текст",
        "предложение комментарий сообщение отзыв",
        "метка",
        "категория класс тональность",
    ),
    "ta": ("உரை", "வாக்கியம் கருத்து", "லேபிள்", "வகை"),
    "th": ("ข้อความ", "ประโยค", "ป้ายกำกับ", "หมวดหมู่"),
    "tr": ("metin", "cümle yorum", "etiket", "sınıf duygu"),
    "uk": ("", "речення коментар повідомлення відгук", "мітка", "категорія"),
    "ur": ("", "جملہ تبصرہ پیغام", "لیبل", "زمرہ"),
    "vi": (
        "văn_bản",
        "câu nội_dung bình_luận tin_nhắn",
        "nhãn",
        "chủ_đề chu_de phân_loại danh_mục",
    ),
    "zh": ("文本 正文", "句子 内容 內容 评论 評論", "标签 標籤", "类别 類別 分類 分类 情感"),
}


def fold_name(name: str) -> str:
    """Return the name of a column as it is compared with well-known ones.

    Capital letters are often written without their accents, and each keyboard has letters of its
    own.

    >>> [fold_name(name) for name in (" ETİKET", "CATEGORIA", "Categoría", "Ｔｅｘｔ")]
    ['etiket', 'categoria', 'categoria', 'text']
    """
    usual = write_usual(unicodedata.normalize("NFC", trim(name)))
    apart = unicodedata.normalize("NFD", usual.casefold())
    return unicodedata.normalize("NFC", ACCENTS.sub("", apart)).replace(DOTLESS_I, "i")


def _tier(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(fold_name, names)))


def _other(place: int) -> tuple[str, ...]:
    """Return the names of a tier in all languages but Korean and English, each once."""
    words = " ".join(tiers[place] for tiers in OTHER_LANGUAGES.values())
    return _tier([*words.split(), *(word.replace("_", " ") for word in words.split())])


# All as `fold_name` returns them.
# `label_name` and `label_text` come before `label`: where a source has both, `label` holds ids.
TEXT_NAMES = (
    ("text",),
    ("texts",),
    _tier([*ENGLISH_TEXT_NAMES.split(), *KOREAN_TEXT_NAMES.split()]),
    _tier(LONG_TEXT_NAMES.split()),
    _other(0),
    _other(1),
    _tier(LAST_TEXT_NAMES.split()),
)
LABEL_NAMES = (
    ("label_name", "label_text"),
    ("label",),
    ("labels",),
    _tier([*ENGLISH_LABEL_NAMES.split(), *KOREAN_LABEL_NAMES.split()]),
    _tier(SEVERAL_LABEL_NAMES.split()),
    _other(2),
    _other(3),
    _tier(LAST_LABEL_NAMES.split()),
)
