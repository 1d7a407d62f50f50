"""Tests of assay.reporting.figures: a report gets every figure that it has the numbers for."""

import subprocess
import sys

import numpy as np
import pytest

from _support.figures import read_png
from assay.reporting import data_figures, figures, score_figures

pytest.importorskip("matplotlib")

NASTY = [
    "$x^2$ and $\\frac{",
    "line\nbreak\x07",
    "x" * 300,
    "\u202eevil",
    "<b>&amp;</b>",
    "%s {0} \\n",
    "\ud800",
]


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


def test_labels_that_come_together_are_drawn():
    """Where texts may have several labels, and some have two of three."""
    from assay.data.labels import LabelSet
    from assay.data.several_texts import SeveralLabelledTexts
    from assay.data.summary import summarise
    from assay.data.texts import Splits

    labelled = SeveralLabelledTexts(("a b", "c", "no"), (("a", "b"), ("c",), ()), (1, 2, 3))
    summary = summarise(
        Splits({"all": labelled}, LabelSet(("a", "b", "c"), "multi"), source="memory")
    )
    assert "labels_together" in figures.draw_summary(summary)


def test_importing_figures_loads_no_matplotlib():
    """Importing the room loads neither matplotlib nor jinja2."""
    code = "import sys, assay.reporting; sys.exit('matplotlib' in sys.modules or 'jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_any_label_can_be_drawn():
    """Formulas, control characters, markup and very long names neither fail nor stretch a figure."""
    eye = np.eye(len(NASTY)).tolist()
    for data in (
        data_figures.draw_class_counts({label: i + 1 for i, label in enumerate(NASTY)}),
        score_figures.draw_confusion(eye, NASTY),
        data_figures.draw_map([[i, i] for i in range(len(NASTY))], list(range(len(NASTY))), NASTY),
    ):
        assert read_png(data).shape[1] < 1400


def test_few_texts_have_no_curve_over_their_parts(report):
    """Nine texts of test gave a curve at 100 %, and sixty texts a zigzag of calibration."""
    curve = {"split": "test", "n_texts": 99, "points": [[1.0, 0.9], [0.5, 1.0]], "targets": []}
    bins = [{"n_texts": 9, "confidence": 0.8, "accuracy": 0.7}]
    calibration = {name: {**one, "bins": bins} for name, one in report["calibration"].items()}
    few = {**report, "coverage": {"linear": curve}, "calibration": calibration}
    many = {**report, "coverage": {"linear": {**curve, "n_texts": 100}}}
    assert not {"coverage", "reliability"} & set(figures.draw_figures(few))
    assert {"coverage", "reliability"} <= set(figures.draw_figures(many))
