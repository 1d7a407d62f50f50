"""A notebook shows the scores that the terminal shows, of the metric that methods were chosen by."""

import pytest

from _support.small_runs import write_rows
from assay.recipes.run import run_data
from assay.recipes.steps.run_options import RunOptions


@pytest.mark.parametrize("metric", ["accuracy", "macro-f1"])
def test_the_table_of_a_notebook_is_that_of_the_terminal(tmp_path, metric):
    """It showed accuracy where macro F1 chose, and the interval of 20 test texts, not of 180."""
    texts = [f"{'so sad' if i % 5 == 0 else 'so glad'} {i % 7} {i}" for i in range(200)]
    labels = ["neg" if i % 5 == 0 else "pos" for i in range(200)]
    data = write_rows(tmp_path / "d.csv", texts, labels)
    options = RunOptions(methods=("majority", "linear"), metric=metric)
    results = run_data(data, tmp_path / "run", options=options)
    page = results._repr_html_()
    is_macro = metric == "macro-f1"
    key = "f1_macro" if is_macro else "accuracy"
    floor = results["methods"][0]
    assert ("macro F1" in page.partition("<table")[2]) == is_macro
    low, high = floor["evidence"]["intervals"][key]
    assert f"{low:.3f} to {high:.3f}" in page
    assert "95 % interval on the evidence" in page
    assert f"{floor['evidence'][key]:.3f}"[:4] in page
