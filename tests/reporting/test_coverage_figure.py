"""Tests of assay.reporting.coverage_figure: one line per method, and marks of thresholds."""

import io

import numpy as np
import pytest

from assay.reporting import canvas, coverage_figure
from assay.reporting.coverage_figure import FEWEST, _join_close, draw_coverage, has_marks

pytest.importorskip("matplotlib")
image_module = pytest.importorskip("matplotlib.image")


def part(accuracy=0.9, *, split="test", targets=(0.95,), n_points=60):
    """Make up one method's part of a report: the surer, the better."""
    coverage = np.linspace(1, 0.01, n_points)
    points = np.column_stack([coverage, 1 - (1 - accuracy) * coverage]).tolist()
    reached = [
        {"target_accuracy": t, "threshold": 0.7, split: {"coverage": 0.6, "accuracy": 0.96}}
        for t in targets
    ]
    return {"split": split, "n_texts": 2000, "area": 0.05, "points": points, "targets": reached}


@pytest.fixture
def axes(monkeypatch):
    """Return a function that draws and gives back the axes instead of a PNG."""

    def paint_only(paint):
        with canvas._style():
            return paint()

    monkeypatch.setattr(coverage_figure, "draw", paint_only)
    return lambda parts, recommended: draw_coverage(parts, recommended=recommended).axes[0]


def lines(ax):
    """Return the lines of the methods by name; marks have none."""
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def marks(ax):
    """Return the places of the marks."""
    return [tuple(line.get_xydata()[0].tolist()) for line in ax.lines if line.get_marker() == "o"]


def test_figure_is_a_png_of_sensible_size():
    """It is not blank, about as large as the other figures, and the same bytes each time."""
    parts = {"linear": part(), "compact": part(0.93)}
    data = draw_coverage(parts, recommended="compact")
    pixels = image_module.imread(io.BytesIO(data), format="png")
    assert 300 < pixels.shape[0] < 700
    assert 700 < pixels.shape[1] < 1100
    assert pixels[..., :3].std() > 0.02
    assert data == draw_coverage(parts, recommended="compact")


def test_each_method_has_a_line_and_the_recommended_one_is_thick(axes):
    """The points of the report, in the method's colour.

    Too few answers to judge by are left out.
    """
    parts = {"majority": part(0.3), "linear": part(), "compact": part(0.93)}
    drawn = lines(axes(parts, "linear"))
    assert list(drawn) == ["majority", "linear", "compact"]
    for method, line in drawn.items():
        expected = [point for point in parts[method]["points"] if point[0] >= FEWEST]
        np.testing.assert_allclose(line.get_xydata(), expected)
        assert line.get_color() == canvas.method_colour(method)
    assert len(drawn["linear"].get_xydata()) < 60
    widths = {method: line.get_linewidth() for method, line in drawn.items()}
    assert widths["linear"] > widths["majority"] == widths["compact"]
    assert drawn["linear"].get_zorder() > drawn["compact"].get_zorder()


def test_thresholds_are_marked_where_they_ended_up(axes):
    """A dot at coverage and accuracy of the split that is drawn, with the target beside it.

    Of one method alone.
    """
    ax = axes({"linear": part(targets=(0.95, 0.99)), "compact": part(targets=(0.98,))}, "linear")
    assert marks(ax) == [(0.6, 0.96), (0.6, 0.96)]
    assert [text.get_text() for text in ax.texts] == ["95%, 99%"]


def test_labels_of_close_marks_do_not_overlap():
    """Marks that are far apart keep a label each; close ones share one."""
    far = [(0.6, 0.95, "95%"), (0.3, 0.98, "98%")]
    assert _join_close(far) == far
    assert _join_close([*far, (0.26, 0.99, "99%")])[1:] == [(0.28, 0.99, "98%, 99%")]


@pytest.mark.parametrize(
    "target",
    [
        {"target_accuracy": 0.99, "threshold": None, "validation": None, "test": None},
        {
            "target_accuracy": 0.99,
            "threshold": 0.9,
            "validation": {"coverage": 0.1, "accuracy": 1.0},
        },
        {"target_accuracy": 0.99, "threshold": 0.9, "test": {"coverage": 0.0, "accuracy": None}},
    ],
    ids=["out-of-reach", "other-split", "nothing-answered"],
)
def test_target_without_a_place_has_no_mark(axes, target):
    """What is out of reach, or answers nothing of this split, is not drawn."""
    ax = axes({"linear": {**part(targets=()), "targets": [target]}}, "linear")
    assert marks(ax) == []
    assert len(ax.texts) == 0
    assert not has_marks({**part(targets=()), "targets": [target]})
    assert has_marks(part())


def test_validation_can_be_the_split(axes):
    """Without a test split the marks are those of validation."""
    assert marks(axes({"linear": part(split="validation")}, "linear")) == [(0.6, 0.96)]


def test_axes_run_from_all_texts_to_none(axes):
    """Left every text is answered, right only the surest; accuracy stops a little above 100 %."""
    ax = axes({"linear": part(), "compact": part(1.0)}, "linear")
    assert ax.get_xlim() == (1.0, 0.0)
    assert 1.0 <= ax.get_ylim()[1] <= 1.02
    close = axes({"linear": part(0.985)}, "linear")
    for drawn in (ax, close):
        assert 1.0 in np.round(drawn.get_yticks(), 9)
        assert drawn.get_yticks().max() <= 1.0 + 1e-9
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "share of texts that are answered",
        "share of answers that are right",
    )


@pytest.mark.parametrize("recommended", ["linear", "nobody"])
def test_recommended_method_need_not_be_drawn(recommended):
    """A method without a curve, or no method at all, is no obstacle."""
    assert draw_coverage({"linear": part()}, recommended=recommended).startswith(b"\x89PNG")


def test_one_point_is_a_figure_too(axes):
    """Where every text has the same score the curve is one point, which is drawn as a dot.

    A line would not show.
    """
    drawn = lines(
        axes(
            {"linear": {**part(), "points": [[1.0, 0.3]], "targets": []}, "compact": part()},
            "linear",
        )
    )
    assert drawn["linear"].get_xydata().tolist() == [[1.0, 0.3]]
    assert (drawn["linear"].get_marker(), drawn["compact"].get_marker()) == (".", "None")
    tiny = {**part(), "points": [[0.01, 1.0], [0.005, 1.0]], "targets": []}
    assert lines(axes({"linear": tiny}, "linear"))["linear"].get_xydata().tolist() == [[0.01, 1.0]]
