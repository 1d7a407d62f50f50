"""Data sets of the Hub: the real clients, over real HTTP, against a Hub on loopback.

HF_* variables are read when the clients are imported, so each scenario is a process of its own.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from _support.loopback_hub import LoopbackHub
from assay._optional import require

pytest.importorskip("datasets")

SCRIPT = """
import json, sys
from assay.data import load_data
from assay.errors import AssayError

for name in sys.argv[1:]:
    try:
        splits = load_data(name)
        print(json.dumps({
            "splits": {k: list(zip(v.texts, v.labels)) for k, v in splits.items()},
            "labels": list(splits.label_set),
            "source": splits.source, "dropped": [row.to_dict() for row in splits.dropped]}))
    except AssayError as err:
        answer = {"error": type(err).__name__, "message": err.message, "hint": err.hint, "exit": err.exit_code}
        print(json.dumps(answer))
"""


def parquet(texts, labels):
    """Make a Parquet file as the Hub has them, class names in its metadata."""
    datasets = require("datasets")
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["sadness", "joy", "기타, 등등"]),
        }
    )
    table = datasets.Dataset.from_dict(
        {"text": texts, "label": labels}, features=features
    ).with_format("arrow")[:]
    buffer = io.BytesIO()
    require("pyarrow.parquet").write_table(table, buffer)
    return buffer.getvalue()


def load_in_process(url, home, *names):
    """Load data sets by name in a process that talks to `url`; return an answer for each."""
    env = {
        "PATH": os.defpath,
        "HOME": str(home),
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *names], env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip(names, answers, strict=True))


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Load each of the names once."""
    choice = "".join(
        f"- config_name: {name}\n  data_files: {name}.jsonl\n" for name in ("one", "two")
    )
    contents = {
        "acme/moods": {
            "data/train-00000-of-00001.parquet": parquet(["a", "b", "c"], [2, 0, 1]),
            "data/validation-00000-of-00001.parquet": parquet(list("defghi"), [0, 1, -1, 0, 1, 2]),
            "data/test-00000-of-00001.parquet": parquet(["j"], [-1]),
        },
        "acme/table": {"train.csv": b'text,label\nNA,x\nnull,y\nNone,x\n"",y\nd,x\ne,y\nf,y\n'},
        "acme/choice": {
            "README.md": f"---\nconfigs:\n{choice}---\n".encode(),
            "one.jsonl": b'{"text": "a", "label": "x"}\n',
            "two.jsonl": b'{"text": "a", "label": "y"}\n',
        },
        "acme/code": {"code.py": b"import os\n"},
        "acme/broken": {"train.jsonl": b"{{{{\n"},
    }
    failing = {"acme/gated": (403, "GatedRepo"), "acme/down": (500, ""), "acme/private": (403, "")}
    names = [
        *(
            "moods",
            "acme/moods",
            "acme/table",
            "acme/choice",
            "acme/choice:two",
            "acme/choice:six",
            "acme/code",
        ),
        *("acme/broken", "acme/nothing", "nothing", "acme/gated", "acme/private", "acme/down"),
    ]
    with LoopbackHub(contents, aliases={"moods": "acme/moods"}, failing=failing) as hub:
        found = load_in_process(hub.url, tmp_path_factory.mktemp("hf"), *names)
        assert ("GET", "/api/datasets/moods", 307) in hub.requests
    return found


def test_hub_data_set_keeps_class_names_and_order(answers):
    """Ids become names in ClassLabel order; -1 is dropped and listed; a split without labels is left out."""
    assert answers["acme/moods"] == {
        "splits": {
            "train": [["a", "기타, 등등"], ["b", "sadness"], ["c", "joy"]],
            "validation": [
                ["d", "sadness"],
                ["e", "joy"],
                ["g", "sadness"],
                ["h", "joy"],
                ["i", "기타, 등등"],
            ],
        },
        "labels": ["sadness", "joy", "기타, 등등"],
        "source": "acme/moods",
        "dropped": [{"split": "validation", "line": 3, "reason": "null label"}],
    }


def test_hub_one_word_ids_are_resolved(answers):
    """`datasets` 5 refuses one-word ids; the redirect to the canonical id is followed first."""
    assert answers["moods"] == answers["acme/moods"]


def test_hub_csv_texts_for_nothing_stay(answers):
    """The texts NA, null and None of a CSV on the Hub are texts; the empty one is blank."""
    assert [text for text, _ in answers["acme/table"]["splits"]["train"]] == [
        "NA",
        "null",
        "None",
        "d",
        "e",
        "f",
    ]
    assert [row["reason"] for row in answers["acme/table"]["dropped"]] == ["blank text"]


def test_hub_configuration_is_chosen_with_a_colon(answers):
    """id:config loads it; without, or with an unknown one, the configurations are listed."""
    assert answers["acme/choice:two"]["labels"] == ["y"]
    assert answers["acme/choice:two"]["source"] == "acme/choice:two"
    for name in ("acme/choice", "acme/choice:six"):
        assert answers[name]["error"] == "InputError"
        assert (
            answers[name]["hint"] == "name a configuration as acme/choice:NAME; there are: one, two"
        )


@pytest.mark.parametrize(
    ("name", "exit_code", "said"),
    [
        (
            "acme/nothing",
            2,
            "'acme/nothing' is no file or folder here and no data set of the Hub that you can see.",
        ),
        (
            "nothing",
            2,
            "'nothing' is no file or folder here and no data set of the Hub that you can see.",
        ),
        ("acme/gated", 2, "the data set 'acme/gated' is gated: its owner must let you in"),
        ("acme/private", 2, "the Hub refuses the data set 'acme/private' (HTTP 403)"),
        ("acme/down", 4, "the Hub failed at the data set 'acme/down' (HTTP 500)"),
        ("acme/code", 2, "cannot be loaded: Dataset scripts are no longer supported"),
        (
            "acme/broken",
            2,
            "the files of the data set 'acme/broken' of the Hub cannot be read: JSON parse error",
        ),
    ],
)
def test_hub_failures_are_one_sentence(answers, name, exit_code, said):
    """What is the user's to mend ends in 2, what may pass in 4; each is one line."""
    assert said in answers[name]["message"]
    assert "\n" not in answers[name]["message"]
    assert answers[name]["exit"] == exit_code


def test_hub_out_of_reach_is_an_outside_error(tmp_path):
    """Nobody listening is exit code 4 and says that files need no network."""
    with LoopbackHub({}) as hub:
        url = hub.url  # closed again: nothing listens there
    answer = load_in_process(url, tmp_path, "acme/moods")["acme/moods"]
    assert answer["error"] == "OutsideError"
    assert answer["exit"] == 4
    assert answer["message"].startswith("the Hub cannot be reached for the data set 'acme/moods': ")
