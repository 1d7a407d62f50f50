"""Fonts of the figures: one for every script, as far as this machine has them.

matplotlib takes each character from the first font of a list that has it, and shapes Arabic and
Indic scripts itself (from version 3.11 on). What no font has is drawn as a box; then one warning
names the package to install.
"""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.catalogue import ENGLISH, Fact, open_language
from assay.reporting.escape import show_text

__all__ = [
    "find_missing_glyphs",
    "font_families",
    "is_missing_glyph",
    "tell_missing_glyphs",
    "warn_missing_glyphs",
]

# First in the list: it has Latin, Greek, Cyrillic, Arabic and Hebrew letters, and the minus sign
# (U+2212), which NanumGothic lacks.
BASE = "DejaVu Sans"


@dataclass(frozen=True)
class ScriptFonts:
    """Fonts for the characters that `BASE` lacks.

    Parameters
    ----------
    scripts : tuple of str
        How the Unicode names of their characters begin.
    families : tuple of str
        Any of them will do; the first that is there is taken first.
    files : tuple of str
        How their file names begin, in lower case: to find fonts that were installed after
        matplotlib listed the fonts of the machine.
    package : str
        What installs one on Debian and Ubuntu.
    """

    scripts: tuple[str, ...]
    families: tuple[str, ...]
    files: tuple[str, ...]
    package: str


NOTO = "fonts-noto-core"
FONTS = (
    ScriptFonts(
        ("HANGUL",),
        (
            "NanumGothic",
            "Noto Sans CJK KR",
            "Noto Sans KR",
            "Malgun Gothic",
            "Apple SD Gothic Neo",
            "AppleGothic",
            "UnDotum",
        ),
        (
            "nanumgothic.",
            "notosanscjk-regular",
            "notosanskr",
            "malgun.",
            "applesdgothicneo",
            "undotum.",
        ),
        "fonts-nanum or fonts-noto-cjk",
    ),
    ScriptFonts(
        ("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH"),
        (
            "Noto Sans CJK JP",
            "Noto Sans CJK SC",
            "Noto Sans CJK KR",
            "Noto Sans JP",
            "Noto Sans SC",
            "Hiragino Sans",
            "PingFang SC",
            "Yu Gothic",
            "Microsoft YaHei",
            "WenQuanYi Zen Hei",
        ),
        ("notosanscjk-regular", "notosansjp", "notosanssc", "yugothm", "msyh.", "wqy-zenhei"),
        "fonts-noto-cjk",
    ),
    ScriptFonts(
        ("THAI",),
        ("Noto Sans Thai", "Loma", "Leelawadee UI", "Thonburi"),
        ("notosansthai-regular", "loma.", "leelawui.", "thonburi."),
        NOTO,
    ),
    ScriptFonts(
        ("DEVANAGARI",),
        ("Noto Sans Devanagari", "Lohit Devanagari", "Nirmala UI", "Kohinoor Devanagari"),
        ("notosansdevanagari-regular", "lohit-devanagari", "nirmala."),
        NOTO,
    ),
    ScriptFonts(
        ("ARABIC",),
        ("Noto Sans Arabic", "Segoe UI", "Geeza Pro"),
        ("notosansarabic-regular", "segoeui."),
        NOTO,
    ),
    *(
        ScriptFonts(
            (script.upper(),),
            (f"Noto Sans {script}", *others),
            (f"notosans{script.lower()}-regular",),
            NOTO,
        )
        for script, *others in (
            ("Bengali", "Nirmala UI"),
            ("Cherokee", "Gadugi"),
            ("Ethiopic", "Ebrima", "Nyala", "Kefa"),
            ("Gujarati", "Nirmala UI"),
            ("Gurmukhi", "Nirmala UI"),
            ("Javanese", "Javanese Text"),
            ("Kannada", "Nirmala UI"),
            ("Khmer", "Leelawadee UI", "Khmer MN"),
            ("Lao", "Leelawadee UI", "Lao MN"),
            ("Malayalam", "Nirmala UI"),
            ("Mongolian", "Mongolian Baiti"),
            ("Myanmar", "Myanmar Text", "Myanmar MN"),
            ("Oriya", "Nirmala UI"),
            ("Sinhala", "Nirmala UI"),
            ("Syriac", "Segoe UI Historic"),
            ("Tamil", "Nirmala UI"),
            ("Telugu", "Nirmala UI"),
            ("Thaana", "MV Boli"),
            ("Yi", "Microsoft Yi Baiti"),
        )
    ),
    ScriptFonts(
        ("TIBETAN",),
        ("Noto Serif Tibetan", "Microsoft Himalaya", "Kailasa"),
        ("notoseriftibetan-regular",),
        NOTO,
    ),
)
IDEOGRAPHS = "CJK"
OTHER_PACKAGE = "fonts-noto"
MISSING = "missing from font"  # in matplotlib's warning
# Categories of what is not drawn: control and format characters, halves of pairs, white space
NOT_DRAWN = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
VARIANT = "VARIATION SELECTOR"
FIGURE_WORDS = "figures."  # how the keys of their sentences begin in the catalogue
MAX_LISTED = 5  # characters that a sentence shows
NAME_OF_GLYPH = re.compile(r"\\N\{([A-Z]+)")

_log = logging.getLogger(__name__)
_warned: set[str] = set()  # packages that were named in this process


@functools.cache
def font_families() -> list[str]:
    """Return `BASE` and the fonts for other scripts that this machine has.

    Where matplotlib knows none for a script, the font folders are searched: its list may be out of
    date.
    """
    manager = require("matplotlib.font_manager")
    known = set(manager.fontManager.get_font_names())
    unknown = [fonts for fonts in FONTS if not known.intersection(fonts.families)]
    if unknown:
        beginnings = tuple(name for fonts in unknown for name in fonts.files)
        for path in manager.findSystemFonts():
            if Path(path).name.casefold().startswith(beginnings):
                _add_font(manager, path)
        known = set(manager.fontManager.get_font_names())
    # Fonts of ideographs come first: those of Hangul have some, in another style, and a word would
    # be drawn in two.
    in_order = sorted(FONTS, key=lambda fonts: IDEOGRAPHS not in fonts.scripts)
    found = [name for fonts in in_order for name in fonts.families if name in known]
    return [BASE, *dict.fromkeys(found)]


def _add_font(manager: Any, path: str) -> None:
    try:
        manager.fontManager.addfont(path)
    except (OSError, RuntimeError):  # figures can be drawn without a broken font file
        _log.debug("the font file %s cannot be read", path)


def is_missing_glyph(message: object) -> bool:
    """Tell whether a warning of matplotlib says that no font has a character."""
    return MISSING in str(message)


def warn_missing_glyphs(messages: Iterable[str]) -> None:
    """Warn which package has the characters that no font has: each package once per process."""
    packages = {_package_for(message) for message in messages} - _warned
    if not packages:
        return
    _warned.update(packages)
    _log.warning(
        "some characters of the labels are in no installed font and show as boxes in the figures; "
        "install fonts that have them, such as %s",
        " and ".join(sorted(packages)),
    )


def find_missing_glyphs(labels: Iterable[str], *, language: str = ENGLISH) -> Fact | None:
    """Return the fact that characters of figures show as boxes here; None if fonts have them all.

    Parameters
    ----------
    labels : iterable of str
        What the figures show of the data.
    language : str
        Language of the other words in the figures.
    """
    sentences = open_language(language).sentences
    words = [one.text for key, one in sentences.items() if key.startswith(FIGURE_WORDS)]
    shown = set("".join([*map(show_text, labels), *words]))
    known = _known_characters(tuple(font_families()))
    missing = sorted(one for one in shown if ord(one) not in known and _is_drawn(one))
    if not missing:
        return None
    listed = " ".join(missing[:MAX_LISTED])
    packages = {_package_of(unicodedata.name(one, "").partition(" ")[0]) for one in missing}
    return Fact(
        "captions.missing_glyphs",
        {
            "n": len(missing),
            "listed": f"{listed} …" if len(missing) > MAX_LISTED else listed,
            "packages": ", ".join(sorted(packages)),
        },
    )


def tell_missing_glyphs(labels: Iterable[str], *, language: str = ENGLISH) -> Fact | None:
    """Return what `find_missing_glyphs` does, to a caller that shows it to the user.

    Figures that are drawn afterwards in this process do not warn of the same packages again.
    """
    found = find_missing_glyphs(labels, language=language)
    if found is not None:
        _warned.update(str(found.values["packages"]).split(", "))
    return found


@functools.cache
def _known_characters(families: tuple[str, ...]) -> frozenset[int]:
    """Return the code points that some font of these families has."""
    manager = require("matplotlib.font_manager")
    known: set[int] = set()
    for family in families:
        known.update(manager.get_font(manager.findfont(family)).get_charmap())
    return frozenset(known)


def _is_drawn(character: str) -> bool:
    is_variant = unicodedata.name(character, "").startswith(VARIANT)
    return unicodedata.category(character) not in NOT_DRAWN and not is_variant


def _package_for(message: str) -> str:
    """Return the package whose fonts have the character that a warning names."""
    named = NAME_OF_GLYPH.search(message)
    return _package_of(named.group(1) if named else "")


def _package_of(script: str) -> str:
    """Return the package whose fonts have characters whose Unicode names begin like this."""
    for fonts in FONTS:
        if script in fonts.scripts:
            return fonts.package
    return OTHER_PACKAGE
