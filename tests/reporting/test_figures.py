"""Figures: what is drawn, that it repeats, that it leaves no trace and takes any label."""

import io
import logging
import subprocess
import sys

import numpy as np
import pytest

from assay.reporting import canvas, data_figures, figures, score_figures

matplotlib = pytest.importorskip("matplotlib")
image_module = pytest.importorskip("matplotlib.image")

COUNTS = {"joy": 30, "sadness": 10, "배송 지연": 20}
BOX = {"whisker_low": 1, "q1": 4, "median": 6, "q3": 9, "whisker_high": 14}
NASTY = [
    "$x^2$ and $\\frac{",
    "line\nbreak\x07",
    "x" * 300,
    "\u202eevil",
    "<b>&amp;</b>",
    "%s {0} \\n",
    "\ud800",
]


@pytest.fixture
def unpainted(monkeypatch):
    """Return figures as matplotlib objects instead of PNG bytes."""

    def paint_only(paint):
        with canvas._style():
            return paint()

    for module in (data_figures, score_figures):
        monkeypatch.setattr(module, "draw", paint_only)


def read_png(data):
    """Decode a PNG into an array of shape (height, width, channels)."""
    return image_module.imread(io.BytesIO(data), format="png")


def tick_labels(ax, axis):
    """Return the texts of an axis."""
    return [tick.get_text() for tick in getattr(ax, f"get_{axis}ticklabels")()]


def test_draw_figures_draws_all_of_them(report):
    """Every figure of a full report is a PNG of sensible size that is not blank."""
    drawn = figures.draw_figures(report)
    assert list(drawn) == [
        "leaderboard",
        "class_counts",
        "words_per_text",
        "confusion",
        "reliability",
        "training",
        "map",
    ]
    for name, data in drawn.items():
        pixels = read_png(data)
        assert 300 < pixels.shape[0] < 2000, name
        assert 600 < pixels.shape[1] < 1400, name
        assert pixels[..., :3].std() > 0.02, name


def test_draw_figures_leaves_out_what_has_no_numbers(results):
    """A report of nothing but results has the two figures that need nothing else."""
    from assay.reporting.collect import collect_report

    assert list(figures.draw_figures(collect_report(results))) == [
        "leaderboard",
        "confusion",
    ]


def test_draw_summary_takes_the_summary_of_a_data_set():
    """The summary of a data set is drawn as it is, also of a lone split with an empty class."""
    from assay.data.labels import LabelSet
    from assay.data.summary import summarise
    from assay.data.texts import LabelledTexts, Splits

    part = LabelledTexts(("so happy today", "no"), ("joy", "joy"))
    summary = summarise(Splits({"all": part}, LabelSet(("joy", "fear")), source="memory"))
    assert set(figures.draw_summary(summary)) == {"class_counts", "words_per_text"}


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


def test_drawing_needs_no_pyplot():
    """No figure goes through pyplot's global state."""
    code = (
        "import sys; from assay.reporting.data_figures import draw_class_counts; draw_class_counts({'a': 1, 'b': 2}); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_figures_loads_no_matplotlib():
    """Importing the room loads neither matplotlib nor jinja2."""
    code = "import sys, assay.reporting; sys.exit('matplotlib' in sys.modules or 'jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_class_counts_ascend(unpainted):
    """Bars stand in ascending order from below, with their counts beside them."""
    ax = data_figures.draw_class_counts(COUNTS).axes[0]
    assert tick_labels(ax, "y") == ["sadness", "배송 지연", "joy"]
    assert [bar.get_width() for bar in ax.patches] == [10, 20, 30]
    assert [text.get_text() for text in ax.texts] == ["10", "20", "30"]


def test_boxes_stand_in_order_and_skip_empty_classes(unpainted):
    """The first class is on top; a class without texts keeps its line but has no box."""
    empty = dict.fromkeys(BOX)
    ax = data_figures.draw_words_per_text({"a": BOX, "b": empty, "c": BOX}).axes[0]
    assert tick_labels(ax, "y") == ["c", "b", "a"]
    assert len(ax.patches) == 2


def test_small_confusion_matrix_shows_its_values(unpainted):
    """Up to fifteen classes every cell carries its percentage."""
    ax = score_figures.draw_confusion([[0.9, 0.1], [0.0, 1.0]], ["a", "b"]).axes[0]
    assert [text.get_text() for text in ax.texts] == ["90", "10", "0", "100"]
    assert tick_labels(ax, "x") == tick_labels(ax, "y") == ["a", "b"]


def test_large_confusion_matrix_shows_names_but_no_values(unpainted):
    """Seventy-seven classes have turned names on both axes and no numbers."""
    ax = score_figures.draw_confusion(np.eye(77).tolist(), [f"라벨 {i}" for i in range(77)]).axes[0]
    assert len(ax.texts) == 0
    assert tick_labels(ax, "y")[76] == "라벨 76"
    assert all(tick.get_rotation() == 90 for tick in ax.get_xticklabels())


def test_korean_confusion_matrix_is_large_enough_to_read(korean_report):
    """Seventy-seven classes get a picture whose rows are at least ten pixels high."""
    data = score_figures.draw_confusion(
        korean_report["confusion"]["fractions"], korean_report["labels"]
    )
    assert read_png(data).shape[0] > 77 * 10 / 0.8


def test_map_has_one_panel_a_class_on_shared_axes(unpainted):
    """Each class that has points gets a panel; all panels show the same part of the map."""
    points = [[0, 0], [1, 2], [5, 5], [4, 4]]
    shown = [
        ax
        for ax in data_figures.draw_map(points, [0, 0, 2, 3], list("abcd")).axes
        if ax.get_visible()
    ]
    assert [ax.get_title(loc="left") for ax in shown] == ["a", "c", "d"]
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in shown}) == 1


@pytest.mark.parametrize("points", [[[1.0, 1.0]], [[2.0, 0.0], [2.0, 1.0]]])
def test_map_of_one_place_is_drawn(points):
    """A single point, or points on a line, make a map without warnings."""
    assert data_figures.draw_map(points, [0] * len(points), ["a"]).startswith(b"\x89PNG")


def test_leaderboard_sets_the_recommended_method_in_bold(unpainted, report):
    """The first method is on top, the recommended one bold, a missing split leaves no dot."""
    rows = [{**row, "test": None} for row in report["leaderboard"]]
    ax = score_figures.draw_leaderboard(rows, recommended="compact").axes[0]
    assert tick_labels(ax, "y") == ["finetune", "features", "compact", "linear", "majority"]
    bold = [tick.get_text() for tick in ax.get_yticklabels() if tick.get_fontweight() == "bold"]
    assert bold == ["compact"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["validation"]


@pytest.mark.parametrize("n_methods", [1, 2, 4, 5])
def test_reliability_has_one_panel_a_method(unpainted, n_methods):
    """Any number of methods gets as many panels, no empty one among them."""
    bins = [{"n_texts": 10, "confidence": 0.8, "accuracy": 0.7}]
    panels = {f"method{i}": {"before": None, "after": bins} for i in range(n_methods)}
    figure = score_figures.draw_reliability(panels)
    assert sum(ax.get_visible() for ax in figure.axes) == n_methods


def test_training_marks_the_epoch_that_was_kept(unpainted):
    """Two panels a method, the kept epoch named."""
    epochs = [
        {
            "epoch": i,
            "train_loss": 1 / i,
            "validation_accuracy": 0.9,
            "validation_f1_weighted": 0.8,
            "kept": i == 2,
        }
        for i in (1, 2, 3)
    ]
    left, right = score_figures.draw_training({"compact": epochs}).axes
    assert left.get_title(loc="left") == "compact: training loss"
    assert [text.get_text() for text in right.texts] == ["kept"]
    assert right.texts[0].xy[0] == 2


def test_one_epoch_is_drawn():
    """A single epoch makes curves of one point, without warnings."""
    epochs = [
        {"epoch": 1, "train_loss": 0.5, "validation_accuracy": 0.9, "validation_f1_weighted": 0.8}
    ]
    assert score_figures.draw_training({"finetune": epochs}).startswith(b"\x89PNG")


def test_any_label_can_be_drawn():
    """Formulas, control characters, markup and very long names neither fail nor stretch a figure."""
    eye = np.eye(len(NASTY)).tolist()
    for data in (
        data_figures.draw_class_counts({label: i + 1 for i, label in enumerate(NASTY)}),
        score_figures.draw_confusion(eye, NASTY),
        data_figures.draw_map([[i, i] for i in range(len(NASTY))], list(range(len(NASTY))), NASTY),
    ):
        assert read_png(data).shape[1] < 1400


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
