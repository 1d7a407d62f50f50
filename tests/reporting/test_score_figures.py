"""Tests of assay.reporting.score_figures: what is drawn of scores."""

import numpy as np
import pytest

from _support.figures import paint_only, read_png, tick_labels
from assay.reporting import score_figures

pytest.importorskip("matplotlib")


@pytest.fixture
def unpainted(monkeypatch):
    """Return figures as matplotlib objects instead of PNG bytes."""
    monkeypatch.setattr(score_figures, "draw", paint_only)


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


def test_leaderboard_sets_the_recommended_method_in_bold(unpainted, report):
    """The first method is on top, the recommended one bold, a missing split leaves no dot."""
    rows = [{**row, "test": None} for row in report["leaderboard"]]
    ax = score_figures.draw_leaderboard(rows, recommended="compact").axes[0]
    assert tick_labels(ax, "y") == ["finetune", "features", "compact", "linear", "majority"]
    bold = [tick.get_text() for tick in ax.get_yticklabels() if tick.get_fontweight() == "bold"]
    assert bold == ["compact"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["validation"]
    out_of_fold = [{**rows[0], "evidence": rows[0]["evidence"], "validation": None}, *rows[1:]]
    ax = score_figures.draw_leaderboard(out_of_fold, recommended="compact").axes[0]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["evidence"]


def test_leaderboard_draws_the_metric_that_methods_were_chosen_by(unpainted):
    """Macro F1 with its own intervals, named on the axis."""
    scores = {"accuracy": 0.6, "interval": [0.5, 0.7]}
    macro = {"f1_macro": 0.4, "f1_macro_interval": [0.3, 0.45]}
    rows = [{"method": "linear", "evidence": {**scores, **macro}, "test": {**scores, **macro}}]
    ax = score_figures.draw_leaderboard(rows, recommended="linear", metric="macro-f1").axes[0]
    assert list(ax.lines[0].get_xdata()) == [0.3, 0.45]
    assert list(ax.lines[1].get_xdata()) == [0.4]
    assert ax.get_xlabel() == "macro F1, with 95% intervals"


@pytest.mark.parametrize("n_methods", [1, 2, 4, 5])
def test_reliability_has_one_panel_per_method(unpainted, n_methods):
    """Any number of methods gets as many panels, no empty one among them."""
    bins = [{"n_texts": 10, "confidence": 0.8, "accuracy": 0.7}]
    panels = {f"method{i}": {"before": None, "after": bins} for i in range(n_methods)}
    figure = score_figures.draw_reliability(panels)
    assert sum(ax.get_visible() for ax in figure.axes) == n_methods


def test_reliability_passes_bins_of_few_texts_by(unpainted):
    """One wrong text alone in a bin took the line down to 0 %."""
    bins = [
        {"n_texts": 1, "confidence": 0.4, "accuracy": 0.0},
        {"n_texts": 10, "confidence": 0.7, "accuracy": 0.6},
        {"n_texts": 30, "confidence": 0.9, "accuracy": 0.95},
    ]
    (ax,) = score_figures.draw_reliability({"linear": {"after": bins}}).axes
    assert list(ax.lines[1].get_ydata()) == [0.6, 0.95]
    steady, few = ax.collections
    assert (len(steady.get_offsets()), len(few.get_offsets())) == (2, 1)
    assert few.get_alpha() < 0.5 < steady.get_alpha()


def test_training_marks_the_epoch_that_was_kept(unpainted):
    """Two panels per method, the kept epoch named."""
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


def test_loss_that_hardly_falls_is_inside(unpainted):
    """The dots of its epochs are whole."""
    rows = [(1, 1.0990), (2, 1.0988), (3, 1.0986)]
    scores = {"validation_accuracy": 0.4, "validation_f1_weighted": 0.2}
    epochs = [{"epoch": i, "train_loss": loss, **scores} for i, loss in rows]
    left, _ = score_figures.draw_training({"finetune": epochs}).axes
    assert left.get_ylim()[0] == 0
    assert left.get_ylim()[1] > 1.04 * rows[0][1]


def test_one_epoch_is_drawn():
    """A single epoch makes curves of one point, without warnings."""
    epochs = [
        {"epoch": 1, "train_loss": 0.5, "validation_accuracy": 0.9, "validation_f1_weighted": 0.8}
    ]
    assert score_figures.draw_training({"finetune": epochs}).startswith(b"\x89PNG")
