"""Files of tools for labelling, as each tool writes them."""

from __future__ import annotations

import json

import pytest

from assay.data.load import load_data


def label_studio(text, *choices, cancelled=False):
    """Return a task as Label Studio exports it (JSON)."""
    result = [
        {
            "value": {"choices": list(choices)},
            "id": "abc",
            "from_name": "sentiment",
            "to_name": "text",
            "type": "choices",
            "origin": "manual",
        }
    ]
    annotation = {"id": 1, "completed_by": 1, "result": result, "was_cancelled": cancelled}
    return {
        "id": 1,
        "annotations": [annotation],
        "drafts": [],
        "predictions": [],
        "data": {"text": text},
        "meta": {},
        "created_at": "2025-01-01T00:00:00.000000Z",
        "project": 1,
    }


def prodigy(text, answer="accept", **more):
    """Return an example as `prodigy db-out` writes it."""
    hashes = {"_input_hash": 1, "_task_hash": 2, "_view_id": "classification"}
    return {"text": text, **hashes, **more, "answer": answer, "_timestamp": 1700000000}


def argilla(text, label, status="submitted"):
    """Return a record as Argilla's `records.to_json` writes it."""
    answer = {"value": label, "user_id": "u", "status": status}
    return {
        "id": "1",
        "fields": {"text": text},
        "metadata": {},
        "suggestions": {},
        "responses": {"sentiment": [answer]},
        "vectors": {},
    }


def flat_argilla(text, label, status="submitted"):
    """Return a record as Argilla's `to_list(flatten=True)` gives it, and as its data sets have it on the Hub."""
    answers = {"sentiment.responses": [label], "sentiment.responses.users": ["u"]}
    statuses = {"sentiment.responses.status": [status]}
    return {
        "id": "1",
        "status": "completed",
        "_server_id": "s",
        "review": text,
        **answers,
        **statuses,
    }


FILES = {
    "Label Studio": (
        "a.json",
        [
            label_studio("so glad", "joy"),
            label_studio("so sad", "sadness"),
            label_studio("skipped", "joy", cancelled=True),
        ],
    ),
    "Label Studio's mini-JSON": (
        "a.json",
        [
            {"text": "so glad", "id": 1, "sentiment": "joy", "annotator": 1},
            {"text": "so sad", "id": 2, "sentiment": "sadness", "annotator": 1},
        ],
    ),
    "doccano": (
        "a.jsonl",
        [
            {"id": 1, "text": "so glad", "label": ["joy"]},
            {"id": 2, "text": "so sad", "label": ["sadness"]},
            {"id": 3, "text": "not done", "label": []},
        ],
    ),
    "Prodigy, one label": (
        "a.jsonl",
        [
            prodigy("so glad", label="joy"),
            prodigy("so sad", label="sadness"),
            prodigy("wrong", "reject", label="joy"),
            prodigy("unclear", "ignore", label="joy"),
        ],
    ),
    "Prodigy, choice": (
        "a.jsonl",
        [
            prodigy("so glad", options=[{"id": "joy", "text": "joy"}], accept=["joy"]),
            prodigy("so sad", options=[{"id": "joy", "text": "joy"}], accept=["sadness"]),
            prodigy("skipped", "ignore", options=[], accept=[]),
        ],
    ),
    "spaCy": (
        "a.jsonl",
        [
            {"text": "so glad", "cats": {"joy": 1.0, "sadness": 0.0}},
            {"text": "so sad", "cats": {"joy": 0.0, "sadness": 1.0}},
        ],
    ),
    "Argilla, flat": (
        "a.jsonl",
        [
            flat_argilla("so glad", "joy"),
            flat_argilla("so sad", "sadness"),
            flat_argilla("discarded", "joy", status="discarded"),
        ],
    ),
    "Argilla": (
        "a.json",
        [
            argilla("so glad", "joy"),
            argilla("so sad", "sadness"),
            argilla("a draft", "joy", status="draft"),
        ],
    ),
}


@pytest.mark.parametrize("tool", FILES)
def test_file_of_a_tool_is_read(tmp_path, tool):
    """Its first rows give text and label; what a person rejected, skipped or left is no example."""
    name, records = FILES[tool]
    lines = [json.dumps(one) for one in records]
    content = "\n".join(lines) if name == "a.jsonl" else f"[{','.join(lines)}]"
    (tmp_path / name).write_text(content, encoding="utf-8")
    splits = load_data(tmp_path / name)
    assert splits["all"].texts == ("so glad", "so sad")
    assert splits["all"].labels == ("joy", "sadness")
    assert len(splits.dropped) == len(records) - 2


def test_csv_of_tools_is_read(tmp_path):
    """Label Studio and doccano write plain tables."""
    (tmp_path / "ls.csv").write_text(
        "annotation_id,annotator,created_at,id,lead_time,sentiment,text,updated_at\n"
        "1,1,2025-01-01,1,2.5,joy,so glad,2025-01-01\n2,1,2025-01-01,2,2.5,sadness,so sad,2025-01-01\n"
    )
    (tmp_path / "dc.csv").write_text("id,text,label\n1,so glad,joy\n2,so sad,sadness\n")
    for name in ("ls.csv", "dc.csv"):
        assert load_data(tmp_path / name)["all"].labels == ("joy", "sadness")


def test_fasttext_is_read(tmp_path):
    """The labels come first, each with its mark; a line with two is a line with several labels."""
    path = tmp_path / "a.txt"
    path.write_text("__label__joy so glad ; really\n__label__sadness so  sad\n", encoding="utf-8")
    splits = load_data(path)
    assert splits["all"].texts == ("so glad ; really", "so  sad")
    assert splits["all"].labels == ("joy", "sadness")
    path.write_text("__label__joy __label__fear so glad\n__label__fear so sad\n", encoding="utf-8")
    assert load_data(path)["all"].labels == (("fear", "joy"), ("fear",))


def test_other_records_are_left_alone(tmp_path):
    """A record that only looks like a tool's is read as it is; a broken one is a bad row."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a", "label": "x", "answer": 42}\n{"text": "b", "label": "y"}\n')
    assert load_data(path)["all"].labels == ("x", "y")
    broken = {**argilla("c", "x"), "responses": {"sentiment": [None]}}
    records = [argilla(f"t{i}", "xy"[i % 2]) for i in range(200)] + [broken]
    path.write_text("\n".join(map(json.dumps, records)))
    splits = load_data(path)
    assert (len(splits["all"]), splits.dropped[0].reason) == (200, "no record of Argilla")
