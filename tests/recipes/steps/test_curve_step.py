"""Tests of assay.recipes.steps.curve_step: a run says what more texts would bring, both ways of judging."""

import pytest

from _support.small_runs import write_data
from assay.catalogue import Fact
from assay.progress import Progress
from assay.recipes.run import Place, RunOptions, prepare_run
from assay.recipes.steps.curve_step import measure_more_texts
from assay.reporting.curve_figure import draw_growth


def measured(tmp_path, *, folds, sizes, budget_s=None):
    """Train two methods, and measure what more texts bring."""
    data = write_data(tmp_path / "data", sizes=sizes)
    options = RunOptions(methods=("majority", "linear"), folds=folds, budget_s=budget_s)
    place = Place(tmp_path / "run", overwrite=False, resume=False)
    with prepare_run(data, place, options, Progress()) as run:
        methods = run.score(run.train())
        return measure_more_texts(methods, "linear", run.folds)


@pytest.mark.parametrize(("folds", "n_before", "n_whole"), [(5, 120, 96), (None, 80, 80)])
def test_curve_ends_where_the_evidence_is(tmp_path, folds, n_before, n_whole):
    """Out of fold with four fifths of all texts; on validation with those of train."""
    more = measured(tmp_path, folds=folds, sizes={"train": 80, "validation": 40, "test": 20})
    (curve,) = more.curves
    assert (curve.method, more.method) == ("linear", "linear")
    assert curve.n_fitted[-1] == n_whole
    assert (more.growth.n_before, more.growth.n_after) == (n_before, 2 * n_before)
    assert len(curve.label_ids) == (120 if folds else 40)
    assert draw_growth(more.to_dict()).startswith(b"\x89PNG")


def test_too_few_texts_have_no_curve(tmp_path):
    """A quarter of fifty texts teaches nothing."""
    found = measured(tmp_path, folds=5, sizes={"train": 30, "validation": 15, "test": 15})
    assert found == Fact.of("more.too_few", n=45, least=60)
