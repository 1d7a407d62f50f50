"""The table of methods: its queries, and that a sixth method is its own file and one entry, and nothing else."""

import ast
import importlib
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import assay
from _support.small_models import small_data
from assay import load_model
from assay.cli.app import app
from assay.data.load import load_data
from assay.errors import InputError
from assay.methods import (
    FLOOR,
    LABEL_CHECK,
    METHODS,
    Method,
    cheaper_methods,
    find_method,
    join_names,
    methods_where,
    register,
)
from assay.recipes.run import RunOptions, run_data
from assay.server.app import ModelShelf, create_app

# A method that looks for one word: the estimator, what it saves, and how that predicts again.
ONE_WORD = '''
import numpy as np

from assay.models.estimator import TextClassifier, WrittenParts
from assay.runtime.linear import softmax
from assay.runtime.predictor import Model


def count_classes(rows, label_ids, n_classes):
    counts = np.bincount(label_ids[rows], minlength=n_classes) + 1.0
    return np.log(counts / counts.sum())


class OneWord(TextClassifier):
    """Ask only whether a text holds one word: the most frequent one that not all texts hold."""

    method = "oneword"

    def __init__(self, *, min_chars=3):
        self.min_chars = min_chars

    def _fit(self, texts, label_ids, context):
        held = [set(text.split()) for text in texts]
        words = sorted({word for words in held for word in words if len(word) >= self.min_chars})
        self.word_ = max(words, key=lambda word: sum(word in words for words in held))
        has_word = np.array([self.word_ in words for words in held])
        n_classes = len(self.classes_)
        self.logits_ = np.stack(
            [count_classes(~has_word, label_ids, n_classes), count_classes(has_word, label_ids, n_classes)]
        )

    def decision_logits(self, X):
        return self.logits_[[int(self.word_ in text.split()) for text in X]]

    def write_parts(self, root, order):
        logits = (self.logits_[:, order] / self.temperature_).tolist()
        return WrittenParts(parameters={"word": self.word_, "logits": logits})


def load_one_word(root, manifest, n_threads):
    word, logits = manifest.parameters["word"], np.array(manifest.parameters["logits"])

    def score(texts):
        return softmax(logits[[int(word in text.split()) for text in texts]])

    return Model(root, manifest, score)
'''
NEW = "oneword"


def entry(**changes):
    """Return the table's entry of the new method."""
    facts = {
        "name": NEW,
        "estimator": "toy_one_word:OneWord",
        "loader": "toy_one_word:load_one_word",
        "description": "asks whether a text holds one word",
        "colour": "#123456",
    }
    return Method(**{**facts, **changes})


@pytest.fixture
def table():
    """Put the table back as it was after the test."""
    before = dict(METHODS)
    yield METHODS
    METHODS.clear()
    METHODS.update(before)


@pytest.fixture
def one_word(table, tmp_path, monkeypatch):
    """Write the sixth method to a file of its own, and register it as cheaper than `linear`."""
    (tmp_path / "toy_one_word.py").write_text(ONE_WORD, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    register(entry(), cheaper_than="linear")


@pytest.fixture
def run(one_word, tmp_path):
    """Run the new method between two of assay's; return the folder."""
    texts, labels = small_data(160)
    options = RunOptions(methods=("linear", NEW, "majority"))
    run_data(load_data((texts, labels)), tmp_path / "run", options=options)
    return tmp_path / "run"


def test_new_method_runs_predicts_serves_and_is_reported(run, tmp_path):
    """A method in a file of its own goes through the whole of assay; no file of assay knows it."""
    results = json.loads((run / "results.json").read_text(encoding="utf-8"))
    assert [row["method"] for row in results["methods"]] == ["majority", NEW, "linear"]
    assert results["methods"][1]["coverage"]

    report = json.loads((run / "report.json").read_text(encoding="utf-8"))
    assert report["leaderboard"][1]["what"] == entry().description
    assert set(report["calibration"]) == {NEW, "linear"}
    for name in ("report.md", "report.html"):
        assert NEW in (run / name).read_text(encoding="utf-8")
    card = (run / "models" / NEW / "README.md").read_text(encoding="utf-8")
    assert f"Method `{NEW}`: {entry().description}." in card
    assert "| majority |" in card
    assert "Without assay" not in card
    assert f"| {NEW} |" not in (run / "models" / "linear" / "README.md").read_text("utf-8")

    model = load_model(run / "models" / NEW)
    text = f"one {model.manifest.parameters['word']} more"
    probs = model.predict_proba([text])[0]
    assert model.scope([text]) is not None

    source = tmp_path / "new.csv"
    source.write_text(f"text\n{text}\n", encoding="utf-8")
    out = tmp_path / "scored.jsonl"
    done = CliRunner().invoke(app, ["predict", str(model.folder), str(source), "--out", str(out)])
    assert done.exit_code == 0, done.output
    scored = json.loads(out.read_text(encoding="utf-8"))
    assert scored["predicted_label"] == model.predict([text])[0]
    assert scored["predicted_score"] == pytest.approx(probs.max(), abs=1e-6)

    with TestClient(create_app(ModelShelf({NEW: model.folder}))) as client:
        answer = client.post("/predict", json={"inputs": text}).json()
    assert answer[0]["label"] == model.predict([text])[0]
    assert answer[0]["score"] == pytest.approx(probs.max(), abs=1e-6)


def test_registered_method_has_its_place_in_the_order_of_cost(table):
    """Before the method that it is cheaper than, else at the end as the most expensive."""
    register(entry(), cheaper_than="linear")
    register(entry(name="oracle"))
    expected = ["majority", NEW, "linear", "compact", "features", "finetune", "oracle"]
    assert list(METHODS) == expected
    assert cheaper_methods("linear") == ["majority", NEW]


@pytest.mark.parametrize(
    ("changes", "cheaper_than", "match"),
    [
        ({"name": "linear"}, None, "there is a method 'linear' already"),
        ({"is_floor": True}, None, "cannot be the floor or check the labels; 'majority',"),
        ({"checks_labels": True}, None, "'majority', 'linear' and 'features' do"),
        ({"checks_again": True}, None, "'majority', 'linear' and 'features' do"),
        ({}, "liner", r"unknown method 'liner'.*Did you mean 'linear'\?"),
    ],
)
def test_method_that_does_not_fit_the_table_is_refused(table, changes, cheaper_than, match):
    """A taken name, a second floor, an unknown neighbour: refused, and the table is as it was."""
    before = list(METHODS)
    with pytest.raises(InputError, match=match):
        register(entry(**changes), cheaper_than=cheaper_than)
    assert list(METHODS) == before


@pytest.mark.parametrize("name", METHODS)
def test_entry_names_what_is_there(name):
    """The class has the method's name, the loader can be called, the colour is a colour."""
    method = find_method(name)
    assert method.load_estimator_class().method == name
    assert callable(method.load_loader())
    assert len(bytes.fromhex(method.colour.removeprefix("#"))) == 3
    assert method.budget_fraction is None or 0 < method.budget_fraction <= 1


def test_questions_are_answered_in_order_of_cost():
    """What other rooms ask the table."""
    assert (FLOOR, LABEL_CHECK) == ("majority", "linear")
    assert methods_where(lambda method: method.needs_torch) == ["compact", "features", "finetune"]
    assert methods_where(lambda method: method.needs_checkpoint) == ["features", "finetune"]
    assert methods_where(lambda method: not method.reads_texts) == ["majority"]


@pytest.mark.parametrize(
    ("names", "phrase"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_joined_to_a_phrase(names, phrase):
    """As a person lists them."""
    assert join_names(names) == phrase


def test_names_of_methods_are_in_the_table_alone():
    """No other room knows a method by its name: whoever renames one changes the table and its file."""
    # `features` is also a key of other libraries, and docstrings may name any method in examples.
    names = set(METHODS) - {"features"}
    root = Path(assay.__file__).parent
    found = []
    for path in sorted(root.rglob("*.py")):
        room = path.relative_to(root).parts[0]
        if room in ("methods.py", "models"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in names:
                found.append(f"{path.relative_to(root)}:{node.lineno} {node.value}")
    assert not found
