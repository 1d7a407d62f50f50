"""Figures have fonts for every script that the machine has fonts for; what is missing is said."""

import json
import logging

import pytest

import assay
from _support.figures import COUNTS
from assay.recipes.report import write_report_file
from assay.reporting import canvas, data_figures, fonts

manager = pytest.importorskip("matplotlib.font_manager")


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    """Forget what was warned of, and what was found."""
    monkeypatch.setattr(fonts, "_warned", set())
    forget = fonts.font_families.cache_clear
    forget()
    yield
    forget()


def test_hangul_is_drawn_without_a_warning(caplog):
    """Where a Korean font is installed its glyphs are used: no box, no warning."""
    if not set(fonts.font_families()) & set(fonts.FONTS[0].families):
        pytest.skip("no Korean font is installed")
    with caplog.at_level(logging.WARNING):
        korean = data_figures.draw_class_counts({"기쁨": 2, "슬픔": 1})
    assert caplog.records == []
    assert korean != data_figures.draw_class_counts({"분노": 2, "사랑": 1})


def test_missing_font_is_said_once_with_its_package(caplog, monkeypatch):
    """Without fonts the figures are still drawn, with one warning per package for all of them."""
    monkeypatch.setattr(canvas, "font_families", lambda: [fonts.BASE])
    with caplog.at_level(logging.WARNING, logger="assay"):
        data_figures.draw_class_counts({"기쁨": 2, "슬픔": 1})
        data_figures.draw_class_counts({"분노": 2, "사랑": 1})
        data_figures.draw_class_counts({"กีฬา": 2, "政治": 1})
    assert [record.name for record in caplog.records] == ["assay.reporting.fonts"] * 2
    assert "such as fonts-nanum or fonts-noto-cjk" in caplog.records[0].getMessage()
    assert "fonts-noto-cjk and fonts-noto-core" in caplog.records[1].getMessage()


def test_figures_of_a_run_do_not_say_again_what_the_run_says(caplog, monkeypatch):
    """The remark of the run names the package; the figures are drawn afterwards."""
    for module in (canvas, fonts):
        monkeypatch.setattr(module, "font_families", lambda: [fonts.BASE])
    with caplog.at_level(logging.WARNING, logger="assay"):
        told = fonts.tell_missing_glyphs(["กีฬา"])
        data_figures.draw_class_counts({"กีฬา": 2, "sport": 1})
    assert told is not None
    assert told.values["packages"] == "fonts-noto-core"
    assert caplog.records == []


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("CJK UNIFIED IDEOGRAPH-65E5", "fonts-noto-cjk"),
        ("HIRAGANA LETTER A", "fonts-noto-cjk"),
        ("THAI CHARACTER KO KAI", "fonts-noto-core"),
        ("DEVANAGARI LETTER KA", "fonts-noto-core"),
        ("ARABIC LETTER BEH", "fonts-noto-core"),
        ("ETHIOPIC SYLLABLE HA", "fonts-noto-core"),
        ("MYANMAR LETTER KA", "fonts-noto-core"),
        ("EGYPTIAN HIEROGLYPH A001", "fonts-noto"),
    ],
)
def test_package_is_that_of_the_script(name, package):
    """Matplotlib names the character; the package follows from how its name begins."""
    message = f"Glyph 12354 (\\N{{{name}}}) missing from font(s) DejaVu Sans."
    assert fonts.is_missing_glyph(message)
    assert fonts._package_for(message) == package


def test_arabic_and_hindi_are_shaped():
    """Letters of Arabic join, and come from right to left: another picture than the letters apart."""
    joined = data_figures.draw_class_counts({"علم": 2, "a": 1})
    apart = data_figures.draw_class_counts({"ع\u200cل\u200cم": 2, "a": 1})
    assert joined != apart


def test_fonts_are_found_on_disk_when_the_list_is_stale(monkeypatch):
    """A font that matplotlib's cached list does not know is added from the system's folders."""
    paths = [path for path in manager.findSystemFonts() if "nanumgothic." in path.casefold()]
    if not paths:
        pytest.skip("no Korean font is installed")
    fresh = manager.FontManager.__new__(manager.FontManager)
    fresh.__dict__.update(manager.fontManager.__dict__)
    fresh.ttflist = [
        font
        for font in manager.fontManager.ttflist
        if not set(fonts.FONTS[0].families) & {font.name}
    ]
    monkeypatch.setattr(manager, "fontManager", fresh)
    assert "NanumGothic" in fonts.font_families()


def test_broken_font_file_is_passed_over(tmp_path, monkeypatch):
    """A file that is no font costs nothing but a line in the log."""
    (tmp_path / "notosansthai-regular.ttf").write_bytes(b"not a font")
    path = str(tmp_path / "notosansthai-regular.ttf")
    monkeypatch.setattr(manager, "findSystemFonts", lambda: [path])
    assert fonts.font_families()[0] == fonts.BASE
    assert data_figures.draw_class_counts(COUNTS)


def test_ideographs_are_drawn_in_one_font(monkeypatch):
    """A font of Hangul has some ideographs: it is asked after those that have all, and else alone."""
    monkeypatch.setattr(manager, "findSystemFonts", list)
    for names, expected in (
        (
            ["NanumGothic", "Noto Sans CJK JP", "Noto Sans Ethiopic"],
            ["Noto Sans CJK JP", "NanumGothic"],
        ),
        (["NanumGothic"], ["NanumGothic"]),
    ):
        monkeypatch.setattr(manager.fontManager, "get_font_names", lambda names=names: names)
        fonts.font_families.cache_clear()
        found = fonts.font_families()
        assert found[: 1 + len(expected)] == [fonts.BASE, *expected]
        assert ("Noto Sans Ethiopic" in found) == ("Noto Sans Ethiopic" in names)


def without_fonts(monkeypatch):
    """Leave the base font alone, as on a machine without others."""
    monkeypatch.setattr(canvas, "font_families", lambda: [fonts.BASE])
    monkeypatch.setattr(fonts, "font_families", lambda: [fonts.BASE])


def test_characters_that_no_font_has_are_found_before_anything_is_drawn(monkeypatch, caplog):
    """They are those that matplotlib warns of; what is not drawn is not counted."""
    without_fonts(monkeypatch)
    found = fonts.find_missing_glyphs(["sport", "กีฬา", "été\u200d\ufe0f\n\ud800"])
    assert (found.kind, found.values["n"]) == ("captions.missing_glyphs", 4)
    assert (found.values["listed"], found.values["packages"]) == ("ก ฬ า ี", "fonts-noto-core")
    with caplog.at_level(logging.WARNING, logger="assay"):
        data_figures.draw_class_counts({"กีฬา": 2, "sport": 1})
    assert "such as fonts-noto-core" in caplog.text
    assert fonts.find_missing_glyphs(["sport", "été", "спорт", "رياضة"]) is None


def test_words_of_the_figures_count_too(monkeypatch):
    """A Korean report of English labels has boxes where no Korean font is installed."""
    without_fonts(monkeypatch)
    found = fonts.find_missing_glyphs(["sport"], language="ko")
    assert found.values["packages"] == "fonts-nanum or fonts-noto-cjk"
    assert found.values["listed"].endswith(" …")


def test_one_ideograph_that_the_fonts_lack_is_found(monkeypatch):
    """A font of a script need not have all of its characters."""
    known = fonts._known_characters((fonts.BASE,)) | set(map(ord, "政"))
    monkeypatch.setattr(fonts, "_known_characters", lambda families: known)
    found = fonts.find_missing_glyphs(["政治"])
    assert (found.values["listed"], found.values["packages"]) == ("治", "fonts-noto-cjk")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_reports_say_that_their_figures_have_boxes(language, monkeypatch, tmp_path):
    """In Markdown, HTML, the notebook, the card and results.json, of one label and of several."""
    without_fonts(monkeypatch)
    words = {"en": "Fonts that do come with the package", "ko": "네모로 보입니다"}[language]
    texts = [f"{word} number {i}" for i in range(30) for word in ("ball", "vote")]
    runs = {
        "single": ["กีฬา", "การเมือง"] * 30,
        "multi": [["กีฬา"], ["กีฬา", "การเมือง"], ["การเมือง"]] * 20,
    }
    for task, labels in runs.items():
        out = tmp_path / task
        options = assay.RunOptions(methods=("linear",), report_language=language)
        results = assay.run_data((texts, labels), out, options=options)
        assert "fonts-noto-core" in results["warnings"][-1]
        written = {name: (out / name).read_text("utf-8") for name in ("report.md", "report.html")}
        if task == "single":
            written["card"] = (out / "model" / "README.md").read_text("utf-8")
            notebook = tmp_path / "run.ipynb"
            write_report_file(out, notebook, language=language)
            written["notebook"] = json.dumps(json.loads(notebook.read_text()), ensure_ascii=False)
        for name, text in written.items():
            assert words in text, (task, name)
