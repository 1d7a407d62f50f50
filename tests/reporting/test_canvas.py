"""Tests of assay.reporting.canvas: figures repeat, leave no trace, and find fonts for Hangul."""

import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from _support.figures import COUNTS
from assay.reporting import canvas, data_figures

matplotlib = pytest.importorskip("matplotlib")


def test_same_figure_gives_the_same_bytes():
    """Drawn twice, a figure is the same file, without a date or a version in it."""
    first = data_figures.draw_class_counts(COUNTS)
    assert first == data_figures.draw_class_counts(COUNTS)
    assert b"Software" not in first
    assert b"tIME" not in first


def test_drawing_ignores_and_keeps_the_users_settings():
    """The user's rcParams neither change a figure nor are changed by it."""
    expected = data_figures.draw_class_counts(COUNTS)
    with matplotlib.rc_context({"axes.facecolor": "red", "font.size": 30, "savefig.dpi": 10}):
        before = dict(matplotlib.rcParams)
        assert data_figures.draw_class_counts(COUNTS) == expected
        assert dict(matplotlib.rcParams) == before


def test_threads_do_not_see_each_others_settings():
    """A figure that is begun while another thread draws waits, and rcParams are restored."""
    before = dict(matplotlib.rcParams)
    expected = data_figures.draw_class_counts(COUNTS)
    is_drawing, others_wait = threading.Event(), threading.Event()

    def paint_slowly():
        is_drawing.set()
        others_wait.wait(0.3)  # long enough for the other thread to interfere
        assert matplotlib.rcParams["text.parse_math"] is False
        return canvas.new_figure(1, 1)

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(canvas.draw, paint_slowly)
        is_drawing.wait(10)
        fast = pool.submit(data_figures.draw_class_counts, COUNTS)
        assert not fast.done()
        assert slow.result().startswith(b"\x89PNG")
        assert fast.result() == expected
    assert dict(matplotlib.rcParams) == before


def test_drawing_needs_no_pyplot():
    """No figure goes through pyplot's global state."""
    code = (
        "import sys; from assay.reporting.data_figures import draw_class_counts; draw_class_counts({'a': 1, 'b': 2}); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_hangul_is_drawn_without_a_warning(caplog):
    """Where a Korean font is installed its glyphs are used: no box, no warning."""
    if len(canvas.font_families(canvas.HANGUL_FONTS)) == 1:
        pytest.skip("no Korean font is installed")
    canvas._warn_missing_glyphs.cache_clear()
    with caplog.at_level(logging.WARNING):
        korean = data_figures.draw_class_counts({"기쁨": 2, "슬픔": 1})
    assert caplog.records == []
    assert korean != data_figures.draw_class_counts({"분노": 2, "사랑": 1})


def test_missing_font_is_said_once(caplog, monkeypatch):
    """Without a Korean font the figures are still drawn, with one warning for all of them."""
    monkeypatch.setattr(canvas, "HANGUL_FONTS", ())
    canvas._warn_missing_glyphs.cache_clear()
    with caplog.at_level(logging.WARNING, logger="assay"):
        data_figures.draw_class_counts({"기쁨": 2, "슬픔": 1})
        data_figures.draw_class_counts({"분노": 2, "사랑": 1})
    assert [record.name for record in caplog.records] == ["assay.reporting.canvas"]
    assert "for Korean install a font" in caplog.text
    canvas._warn_missing_glyphs.cache_clear()


def test_fonts_are_found_on_disk_when_the_list_is_stale(monkeypatch):
    """A font that matplotlib's cached list does not know is added from the system's folders."""
    manager = pytest.importorskip("matplotlib.font_manager")
    paths = [path for path in manager.findSystemFonts() if "nanumgothic." in path.casefold()]
    if not paths:
        pytest.skip("no Korean font is installed")
    fresh = manager.FontManager.__new__(manager.FontManager)
    fresh.__dict__.update(manager.fontManager.__dict__)
    fresh.ttflist = [font for font in manager.fontManager.ttflist if "Nanum" not in font.name]
    monkeypatch.setattr(manager, "fontManager", fresh)
    canvas.font_families.cache_clear()
    try:
        assert "NanumGothic" in canvas.font_families(("NanumGothic",))
    finally:
        canvas.font_families.cache_clear()
