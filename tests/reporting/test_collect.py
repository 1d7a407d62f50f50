"""One JSON-able dict that holds all that is rendered."""

import json
from dataclasses import replace

import numpy as np
import pytest

from assay.evaluation.result import SplitScores
from assay.reporting.collect import ReportParts, collect_report


def row_of(report, method):
    """Find the line of a method in the leaderboard."""
    return next(row for row in report["leaderboard"] if row["method"] == method)


def test_report_is_json(report, korean_report, hostile_report):
    """A report survives JSON unchanged: no arrays, tuples, result objects or NaN."""
    for one in (report, korean_report, hostile_report):
        assert json.loads(json.dumps(one, allow_nan=False)) == one


def test_report_has_the_documented_keys(report):
    """The keys stand as the docstring says, in the order of the report."""
    assert list(report) == [
        "schema_version",
        "assay_version",
        "title",
        "labels",
        "verdict",
        "leaderboard",
        "problems",
        "data",
        "classes",
        "confusion",
        "calibration",
        "coverage",
        "mistakes",
        "slices",
        "training",
        "map",
        "how",
    ]
    assert report["schema_version"] == 1
    assert all(f'"{key}"' in collect_report.__doc__ for key in report)


def test_verdict_is_of_the_recommended_method_on_test(parts, report):
    """The first screen shows the recommended method's own test scores, their intervals and n."""
    chosen = next(
        row for row in parts.results["methods"] if row["method"] == parts.results["recommended"]
    )
    verdict = report["verdict"]
    assert verdict["method"] == chosen["method"]
    assert verdict["split"] == "test"
    assert verdict["n_texts"] == chosen["test"]["n_texts"]
    assert verdict["accuracy"] == chosen["test"]["accuracy"]
    assert verdict["intervals"] == chosen["test"]["intervals"]
    assert verdict["why"] == parts.why


def test_verdict_names_the_floor(parts, report):
    """The floor is the accuracy of `majority`, and its label the most frequent one of train."""
    floor = next(row for row in parts.results["methods"] if row["method"] == "majority")
    counts = parts.summary["class_counts"]["train"]
    assert report["verdict"]["floor"] == {
        "label": max(counts, key=counts.get),
        "accuracy": floor["test"]["accuracy"],
    }


def test_verdict_falls_back_to_validation_and_to_the_sentence_of_results(parts):
    """Without a test split the report is of validation; without times the sentence of results.json stands."""
    methods = [{k: v for k, v in row.items() if k != "test"} for row in parts.results["methods"]]
    report = collect_report(replace(parts, results={**parts.results, "methods": methods}, why=""))
    assert (
        report["verdict"]["split"]
        == report["classes"]["split"]
        == report["confusion"]["split"]
        == "validation"
    )
    assert report["verdict"]["why"] == parts.results["why"]
    assert row_of(report, "linear")["test"] is None


def test_leaderboard_joins_scores_times_sizes_and_tests(parts, report):
    """A line holds what was measured of one method, in the order of results.json."""
    assert [row["method"] for row in report["leaderboard"]] == [
        row["method"] for row in parts.results["methods"]
    ]
    row = row_of(report, "compact")
    comparison = next(c for c in parts.comparisons if c.method == "compact")
    assert row["fit_s"] == parts.results["timings"]["compact"]["fit_s"]
    assert row["comparison"] == comparison.to_dict()
    assert [r["method"] for r in report["leaderboard"] if r["recommended"]] == [
        report["verdict"]["method"]
    ]


def test_confusion_rows_are_fractions(parts, report):
    """The matrix that is drawn is the one that the result type makes of the counts."""
    chosen = next(
        row for row in parts.results["methods"] if row["method"] == parts.results["recommended"]
    )
    scores = SplitScores.from_dict(chosen["test"])
    assert report["confusion"]["fractions"] == [list(row) for row in scores.confusion_by_true]
    assert np.allclose(np.sum(report["confusion"]["fractions"], axis=1), 1)


def test_results_alone_make_a_report(parts):
    """Only `results` is needed; what was not handed over is empty, not missing."""
    report = collect_report(ReportParts(results=parts.results))
    assert report["map"] is None
    assert report["training"] == {}
    assert report["mistakes"]["by_method"] == {}
    assert report["problems"]["duplicates"] is None
    assert report["verdict"]["floor"]["label"] is None


def test_long_texts_are_cut(parts):
    """A text of a hundred thousand characters does not go into the report whole."""
    mistake = replace(parts.mistakes["linear"][0], text="x" * 100_000)
    rows = [{"split": "train", "line": 1, "text": "y" * 5_000, "label_id": 0, "label": "joy"}]
    report = collect_report(
        replace(parts, mistakes={"linear": [mistake]}, summary={"first_rows": rows})
    )
    assert len(report["mistakes"]["by_method"]["linear"][0]["text"]) == 1001
    assert len(report["data"]["first_rows"][0]["text"]) == 1001


def test_map_points_become_short_numbers(parts):
    """Points of any float type become lists with four decimals, label ids whole numbers."""
    points = np.array([[1.23456789, -2.0], [0.1, 0.2]], dtype=np.float32)
    report = collect_report(
        replace(parts, map={**parts.map, "points": points, "label_ids": np.array([0, 5])})
    )
    assert report["map"]["points"] == [[1.2346, -2.0], [0.1, 0.2]]
    assert report["map"]["label_ids"] == [0, 5]


def test_choices_say_which_split_decided_what(report, parts):
    """Test has no part in any choice unless the run says so; a run may state its own choices."""
    decided = {row["split"]: row["choice"] for row in report["how"]["choices"]}
    assert decided["test"].startswith("none")
    own = [{"choice": "everything", "split": "train"}]
    assert collect_report(replace(parts, how={"choices": own}))["how"]["choices"] == own


@pytest.mark.parametrize(
    ("source", "title"),
    [("data/emotion", "emotion"), ("sample", "sample"), ("dair-ai/emotion", "emotion")],
)
def test_title_is_the_last_part_of_the_source(parts, source, title):
    """The title names the data set, not the folders above it."""
    results = {**parts.results, "data": {**parts.results["data"], "source": source}}
    assert collect_report(ReportParts(results=results))["title"] == title
