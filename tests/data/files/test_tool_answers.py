"""What several people answered becomes one label, and disagreement is said."""

from __future__ import annotations

import json
import logging

import pytest

from assay.data.files.tool_answers import Answers
from assay.data.load import load_data


def test_most_give_the_answer_and_the_first_of_equals():
    """A list of labels is the same in any order."""
    answers = Answers()
    settled = answers.settle(
        {"mood": ["a", "b", "b"], "topic": [["x", "y"], ["z"], ["y", "x"]], "size": [2, 1]}
    )
    assert settled == {"mood": "b", "topic": ["x", "y"], "size": 2}
    assert answers.n_disputed == 1
    answers.settle({"topic": [["x", "y"], ["y", "x"]], "mood": ["a"]})
    assert answers.n_disputed == 1


def studio(text, *annotations):
    """Return a task of Label Studio; an annotation is a choice and what else is said of it."""
    written = [
        {
            "result": [{"from_name": "mood", "type": "choices", "value": {"choices": [choice]}}],
            "was_cancelled": False,
            "ground_truth": False,
            **dict.fromkeys(more, True),
        }
        for choice, *more in annotations
    ]
    return {"data": {"text": text}, "annotations": written}


def argilla(text, *answers, flat):
    """Return a record of Argilla 2; an answer is a value and its status."""
    values, statuses = zip(*answers, strict=True)
    if flat:
        columns = {"mood.responses": values, "mood.responses.status": statuses}
        return {"id": "1", "status": "completed", "text": text, **columns}
    given = [{"value": value, "status": status} for value, status in answers]
    return {"id": "1", "fields": {"text": text}, "responses": {"mood": given}}


STUDIO = [
    studio("most", ["a"], ["b"], ["b"]),
    studio("first", ["a"], ["b"]),
    studio("truth", ["a"], ["a"], ["b", "ground_truth"]),
    studio("skipped", ["b", "was_cancelled"], ["b", "was_cancelled"], ["a"]),
    studio("none", ["a", "was_cancelled"]),
]


def of_argilla(*, flat):
    """Return records with what `STUDIO` has, but for the truth."""
    yes, no = "submitted", "discarded"
    return [
        argilla("most", ("a", yes), ("b", yes), ("b", yes), flat=flat),
        argilla("first", ("a", yes), ("b", yes), flat=flat),
        argilla("truth", ("b", yes), ("b", yes), flat=flat),
        argilla("skipped", ("b", no), ("b", "draft"), ("a", yes), flat=flat),
        argilla("none", ("a", no), flat=flat),
    ]


@pytest.mark.parametrize(
    "records",
    [STUDIO, of_argilla(flat=False), of_argilla(flat=True)],
    ids=["Label Studio", "Argilla", "Argilla, flat"],
)
def test_people_are_counted_in_the_files_of_tools(tmp_path, caplog, records):
    """Who skipped a text gave no label, and the ground truth is beyond dispute."""
    (tmp_path / "a.json").write_text(json.dumps(records), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        found = load_data(tmp_path / "a.json")["all"]
    assert dict(zip(found.texts, found.labels, strict=True)) == {
        "most": "b",
        "first": "a",
        "truth": "b",
        "skipped": "a",
    }
    assert caplog.text.count("a.json: people gave different labels to 2 texts") == 1


def test_nothing_is_said_where_people_agree(tmp_path, caplog):
    """Or where one of them labelled."""
    records = [studio("x", ["a"], ["a"]), studio("y", ["b"])]
    (tmp_path / "a.json").write_text(json.dumps(records), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert load_data(tmp_path / "a.json")["all"].labels == ("a", "b")
    assert "people" not in caplog.text
