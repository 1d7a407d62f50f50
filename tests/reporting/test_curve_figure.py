"""Tests of assay.reporting.curve_figure: one line per method, and the point that is expected."""

import pytest

from assay.reporting import canvas, curve_figure
from assay.reporting.curve_figure import draw_growth

pytest.importorskip("matplotlib")


def curve(method, accuracies):
    """Make up the curve of a method."""
    sizes = (100, 200, 400, 800)
    points = [
        {"n_texts": n, "accuracy": one, "interval": [one - 0.02, one + 0.02]}
        for n, one in zip(sizes, accuracies, strict=True)
    ]
    return {"method": method, "points": points}


MORE = {
    "method": "features",
    "curves": [curve("linear", (0.5, 0.6, 0.65, 0.7)), curve("features", (0.6, 0.7, 0.75, 0.8))],
    "expected": {"n_texts": 2000, "accuracy": 0.84, "interval": [0.81, 0.86]},
}


def axes_of(monkeypatch, more, language="en"):
    """Draw the figure; return its axes."""

    def paint_only(paint):
        with canvas._style():
            return paint()

    monkeypatch.setattr(curve_figure, "draw", paint_only)
    return draw_growth(more, language=language).axes[0]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_curves_and_the_expected_point_are_drawn(monkeypatch, language):
    """Every method has a line; the sizes are on the axis; the way to the open dot is dotted."""
    ax = axes_of(monkeypatch, MORE, language)
    named = {line.get_label(): line for line in ax.lines if line.get_label()[0] != "_"}
    assert set(named) == {"linear", "features"}
    assert named["features"].get_linewidth() > named["linear"].get_linewidth()
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "100",
        "200",
        "400",
        "800",
        "2,000",
    ]
    (dotted,) = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert dotted.get_xydata().tolist() == [[800, 0.8], [2000, 0.84]]


def test_texts_that_the_gain_is_told_from_are_on_the_axis(monkeypatch):
    """Out of fold the curve ends before all texts: an open dot shows where twice as many begin."""
    growth = {"n_before": 1000, "n_after": 2000, "gain": 0.03, "low": 0.0, "high": 0.05}
    ax = axes_of(monkeypatch, {**MORE, "growth": growth})
    sizes = [label.get_text() for label in ax.get_xticklabels()]
    assert sizes == ["100", "200", "400", "800", "1,000", "2,000"]
    dots = [line.get_xydata().tolist() for line in ax.lines if line.get_markersize() == 7]
    assert [[2000, 0.84]] in dots
    assert any(dot == [[1000, pytest.approx(0.81)]] for dot in dots)
    same = {**growth, "n_before": 800}
    assert len(axes_of(monkeypatch, {**MORE, "growth": same}).get_xticklabels()) == 5


def test_figure_is_a_png():
    """As the report holds it."""
    assert draw_growth(MORE).startswith(b"\x89PNG")


@pytest.mark.parametrize("accuracy", [1.0, 0.5, 0.0])
def test_accuracy_that_stays_has_an_axis_that_can_be_read(monkeypatch, accuracy):
    """No percent comes twice on the axis, and all points are on it."""
    flat = curve("linear", (accuracy,) * 4)
    expected = {"n_texts": 2000, "accuracy": accuracy, "interval": [accuracy, accuracy]}
    more = {"method": "linear", "curves": [flat], "expected": expected}
    ax = axes_of(monkeypatch, more)
    ticks = [label.get_text() for label in ax.get_yticklabels()]
    assert len(ticks) == len(set(ticks))
    low, high = ax.get_ylim()
    assert low < accuracy < high <= 1.01
