"""Fonts of the figures: one for every script, as far as this machine has them.

matplotlib takes each character from the first font of a list that has it, and shapes Arabic and
Indic scripts itself (from version 3.11 on). What no font has is drawn as a box; then one warning
names the package to install.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay._optional import require

__all__ = ["font_families", "is_missing_glyph", "warn_missing_glyphs"]

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


def _package_for(message: str) -> str:
    """Return the package whose fonts have the character that a warning names."""
    named = NAME_OF_GLYPH.search(message)
    script = named.group(1) if named else ""
    for fonts in FONTS:
        if script in fonts.scripts:
            return fonts.package
    return OTHER_PACKAGE
