"""Tests of assay.reporting.data_figures: what is drawn of a data set."""

import pytest

from _support.figures import COUNTS, paint_only, tick_labels
from assay.reporting import data_figures

pytest.importorskip("matplotlib")

BOX = {"whisker_low": 1, "q1": 4, "median": 6, "q3": 9, "whisker_high": 14}


@pytest.fixture
def unpainted(monkeypatch):
    """Return figures as matplotlib objects instead of PNG bytes."""
    monkeypatch.setattr(data_figures, "draw", paint_only)


def test_class_counts_ascend(unpainted):
    """Bars are in ascending order from below, with their counts beside them."""
    ax = data_figures.draw_class_counts(COUNTS).axes[0]
    assert tick_labels(ax, "y") == ["sadness", "배송 지연", "joy"]
    assert [bar.get_width() for bar in ax.patches] == [10, 20, 30]
    assert [text.get_text() for text in ax.texts] == ["10", "20", "30"]


def test_rare_ones_of_many_classes_are_one_bar(unpainted):
    """2,400 labels make a figure of a hundred rows, and no text is lost."""
    ax = data_figures.draw_class_counts({f"code {i}": i + 1 for i in range(2400)}).axes[0]
    widths = [bar.get_width() for bar in ax.patches]
    assert len(widths) == 100
    assert sum(widths) == sum(range(1, 2401))
    assert tick_labels(ax, "y")[0] == "… 2,301 more"
    boxes = {f"code {i}": {**BOX, "n_texts": i} for i in range(2400)}
    ax = data_figures.draw_words_per_text(boxes).axes[0]
    assert tick_labels(ax, "y")[-1] == "code 2300"


def test_boxes_are_in_order_and_skip_empty_classes(unpainted):
    """The first class is on top; a class without texts keeps its line but has no box."""
    empty = dict.fromkeys(BOX)
    ax = data_figures.draw_words_per_text({"a": BOX, "b": empty, "c": BOX}).axes[0]
    assert tick_labels(ax, "y") == ["c", "b", "a"]
    assert len(ax.patches) == 2


def test_map_has_one_panel_per_class_on_shared_axes(unpainted):
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


def test_no_axis_shows_half_a_text(unpainted):
    """Marks are rounded for the eye: 2.5 and 7.5 would be named 2 and 8."""
    ax = data_figures.draw_class_counts({"a": 20, "b": 16, "c": 7, "d": 5}).axes[0]
    assert all(float(tick).is_integer() for tick in ax.get_xticks())


def test_no_axis_shows_half_a_word(unpainted):
    """Texts of few words; the unit is named where characters count too."""
    short = {**BOX, "whisker_low": 1, "q1": 1, "median": 2, "q3": 2, "whisker_high": 3}
    ax = data_figures.draw_words_per_text({"a": short}, unit="words_or_characters").axes[0]
    assert all(float(tick).is_integer() for tick in ax.get_xticks())
    assert ax.get_xlabel() == "words per text, or characters where no spaces part words"
