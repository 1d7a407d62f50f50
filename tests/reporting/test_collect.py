"""One JSON-able dict that holds all that is rendered."""

import json
from dataclasses import replace

import numpy as np
import pytest

from assay.catalogue import open_language
from assay.reporting.collect import collect_report
from assay.reporting.data_sections import FirstRow
from assay.reporting.score_sections import ShownMistake
from assay.reporting.sections import CHOICES, FOLD_CHOICES, HowSection, _count_texts
from assay.runtime.nearest import Neighbour


def row_of(report, method):
    """Find the line of a method in the leaderboard."""
    return next(row for row in report["leaderboard"] if row["method"] == method)


def test_report_is_json(report, korean_report, hostile_report):
    """A report survives JSON unchanged: no arrays, tuples, result objects or NaN."""
    for one in (report, korean_report, hostile_report):
        assert json.loads(json.dumps(one, allow_nan=False)) == one


def test_report_has_the_documented_keys(report):
    """The keys are those of the docstring, in the order of the report."""
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
        "label_rule",
        "more_texts",
        "no_more_texts",
        "mistakes",
        "slices",
        "training",
        "map",
        "how",
    ]
    assert report["schema_version"] == 2
    assert all(f'"{key}"' in collect_report.__doc__ for key in report)


def test_verdict_is_of_the_recommended_method_on_test(results, report):
    """The first screen shows the recommended method's own test scores, their intervals and n."""
    chosen = results.recommended.scored["test"].scores
    verdict = report["verdict"]
    assert verdict["method"] == results.choice.recommended
    assert verdict["split"] == "test"
    assert verdict["n_texts"] == chosen.n_texts
    assert verdict["accuracy"] == chosen.accuracy
    assert verdict["intervals"]["accuracy"] == list(chosen.intervals["accuracy"])


def test_report_and_results_say_the_same(results, report):
    """The recommendation is made once: results.json says it in English, the report holds the facts."""
    tell = open_language("en").tell
    reasons = report["verdict"]["reasons"]
    assert reasons == [fact.to_dict() for fact in results.choice.reasons]
    assert tell(reasons[0]) == results.choice.why == results.to_dict()["why"]
    assert tuple(map(tell, reasons[1:])) == results.choice.remarks
    assert list(map(tell, report["verdict"]["warnings"])) == results.to_dict()["warnings"]


def test_report_holds_facts_and_no_sentences(report, korean_report):
    """No value but texts, labels and names of the data is more than a few words long."""
    for one in (report, korean_report):
        shown = {**one, "title": "", "labels": [], "data": {}, "map": None, "mistakes": {}}
        known = set(one["labels"]) | {one["data"]["source"], one["how"]["command"]}
        long = [text for text in walk_strings(shown) if text.count(" ") > 3 and text not in known]
        assert long == []


def walk_strings(value):
    """Yield every string of a JSON value that is not a text of the data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key != "text":
                yield from walk_strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk_strings(inner)


def test_verdict_names_the_floor(results, sections, report):
    """The floor is the accuracy of `majority`, and its label the most frequent one of train."""
    floor = next(one for one in results.methods if one.method == "majority")
    counts = sections.data.class_counts["train"]
    assert report["verdict"]["floor"] == {
        "label": max(counts, key=counts.get),
        "accuracy": floor.scored["test"].scores.accuracy,
    }


def test_verdict_falls_back_to_validation(results, sections):
    """Without a test split the report is of validation."""
    methods = tuple(replace(one, scored={"validation": one.evidence}) for one in results.methods)
    report = collect_report(replace(results, methods=methods), sections)
    assert (
        report["verdict"]["split"]
        == report["classes"]["split"]
        == report["confusion"]["split"]
        == "validation"
    )
    assert row_of(report, "linear")["test"] is None


def test_leaderboard_joins_scores_times_sizes_and_tests(results, report):
    """A line holds what was measured of one method, in the order of results.json."""
    assert [row["method"] for row in report["leaderboard"]] == [
        one.method for one in results.methods
    ]
    row = row_of(report, "compact")
    comparison = next(c for c in results.choice.comparisons if c.method == "compact")
    assert row["fit_s"] == 24.0
    assert row["model_bytes"] == 6_100_000
    assert row["comparison"] == comparison.to_dict()
    assert [r["method"] for r in report["leaderboard"] if r["recommended"]] == [
        report["verdict"]["method"]
    ]


def test_confusion_rows_are_fractions(results, report):
    """The matrix that is drawn is the one that the result type makes of the counts."""
    scores = results.recommended.scored["test"].scores
    assert report["confusion"]["fractions"] == [list(row) for row in scores.confusion_by_true]
    assert np.allclose(np.sum(report["confusion"]["fractions"], axis=1), 1)


def test_results_alone_make_a_report(results):
    """Only `results` is needed; what was not handed over is empty, not missing."""
    report = collect_report(results)
    assert report["map"] is None
    assert report["training"] == {}
    assert report["mistakes"]["by_method"] == {}
    assert report["problems"]["duplicates"] is None
    assert report["verdict"]["floor"]["label"] is None


def test_long_texts_are_cut(results, sections):
    """A text of a hundred thousand characters does not go into the report whole."""
    mistake = replace(sections.mistakes["linear"][0].mistake, text="x" * 100_000)
    near = Neighbour("z" * 2_000, "joy", 0.5)
    data = replace(sections.data, first_rows=(FirstRow("train", 1, "y" * 5_000, 0, "joy"),))
    report = collect_report(
        results,
        replace(sections, mistakes={"linear": [ShownMistake(mistake, (near,))]}, data=data),
    )
    shown = report["mistakes"]["by_method"]["linear"][0]
    assert len(shown["text"]) == len(shown["nearest"][0]["text"]) == 1001
    assert len(report["data"]["first_rows"][0]["text"]) == 1001


def test_map_points_become_short_numbers(results, sections):
    """Points of any float type become lists with four decimals, label ids whole numbers."""
    points = np.array([[1.23456789, -2.0], [0.1, 0.2]], dtype=np.float32)
    text_map = {**sections.map, "points": points, "label_ids": np.array([0, 5])}
    report = collect_report(results, replace(sections, map=text_map))
    assert report["map"]["points"] == [[1.2346, -2.0], [0.1, 0.2]]
    assert report["map"]["label_ids"] == [0, 5]


def test_choices_say_which_split_decided_what(results, sections, report):
    """Test has no part in any choice unless the run says so; a run may state its own choices."""
    decided = {row["split"]: row["choice"] for row in report["how"]["choices"]}
    assert decided["test"] == "nothing"
    own = [{"choice": "everything", "split": "train"}]
    found = collect_report(results, replace(sections, how=HowSection(choices=own)))
    assert found["how"]["choices"] == own


@pytest.mark.parametrize(
    ("source", "title"),
    [("data/emotion", "emotion"), ("sample", "sample"), ("dair-ai/emotion", "emotion")],
)
def test_title_is_the_last_part_of_the_source(results, source, title):
    """The title names the data set, not the folders above it."""
    splits = replace(results.splits, source=source)
    assert collect_report(replace(results, splits=splits))["title"] == title


def test_texts_of_folds_and_of_saved_models_are_counted(results):
    """Train and validation are counted together, which the table of splits does not do."""
    splits = results.splits
    both = len(splits["train"]) + len(splits["validation"])
    counted = _count_texts([*CHOICES, *FOLD_CHOICES], splits)
    n_texts = {one["split"]: one.get("n_texts") for one in counted}
    assert n_texts["both"] == n_texts["both_folds"] == both
    assert n_texts["train_folds"] == len(splits["train"])
    assert n_texts["none"] is None
