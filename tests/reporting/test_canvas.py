"""Tests of assay.reporting.canvas: figures repeat and leave no trace."""

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
