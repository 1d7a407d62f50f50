"""Few labels and predictions as people have them: each was wrong once, without a word.

Odd tables, labels and folders are in `_support/odd_inputs.py`; that few texts are judged out of fold, in
`test_run_folds.py`.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import time

import numpy as np
import pytest

from _support.small_models import small_data, small_estimator
from assay.audit.answers import read_corrections
from assay.batch import predict_file
from assay.errors import DataError, InputError
from assay.recipes.evaluate import evaluate_model
from assay.recipes.explore import explore_data
from assay.recipes.steps.prepare import DataOptions
from assay.recipes.train import train_model
from assay.recipes.verify import verify_model
from assay.runtime import load_model
from assay.runtime.explain import explain_text

TERMS = {
    "fruit": ["apple", "pear", "plum", "ripe"],
    "road": ["car", "lane", "wheel", "drive"],
    "sea": ["wave", "salt", "boat", "tide"],
}
WORDS = ["the", "food", "came", "late", "again", "and", "we", "sat", "near", "window"]


@pytest.fixture(scope="module")
def sixty(tmp_path_factory):
    """Write sixty texts of three classes that four of eight words tell apart."""
    draw = random.Random(0)
    path = tmp_path_factory.mktemp("cases") / "sixty.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        for label, terms in TERMS.items():
            for _ in range(20):
                writer.writerow(
                    [" ".join(draw.choices(terms, k=4) + draw.choices(WORDS, k=4)), label]
                )
    return path


@pytest.fixture(scope="module")
def model(sixty):
    """Train on four fifths of them."""
    out = sixty.with_name("model")
    train_model(sixty, out, method="linear", options=DataOptions(validation_fraction=0.2))
    return out


def test_texts_of_training_are_told_from_others(sixty, model):
    """The file that a model was trained on has a score without them beside."""
    found = evaluate_model(model, sixty)
    assert (found.scores.n_texts, found.scored.n_leaked) == (60, 42)
    assert found.scored.without_leaks.n_texts == 18
    assert "42 of these 60 texts" in found.warnings()[0]


def test_model_knows_how_its_file_was_cut(sixty, model):
    """`verify` needs no fraction a second time."""
    assert verify_model(model, sixty).to_dict()["verified"]


def test_answers_of_a_person_are_read_or_named(tmp_path):
    """A cross is a yes; a word that is neither is an error with its line."""
    cells = {
        "kind": "wrong_label", "split": "all", "row": "2", "text": "a", "label": "x",
        "proposed_label": "y", "score": "", "group": "", "text_sha256": "0" * 64, "accept": "x",
    }  # fmt: skip
    path = tmp_path / "issues.csv"
    for answer in ("x", "X", "예", "yes", "1"):
        path.write_text(f"{','.join(cells)}\n{','.join({**cells, 'accept': answer}.values())}\n")
        assert len(read_corrections(path)[0]) == 1
    path.write_text(f"{','.join(cells)}\n{','.join({**cells, 'accept': 'perhaps'}.values())}\n")
    with pytest.raises(DataError, match="line 2: 'perhaps' under accept"):
        read_corrections(path)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_key_that_comes_late_costs_its_row_alone(model, tmp_path, kind):
    """Numbers that become texts and a new key far behind: the rest is written."""
    path = tmp_path / "late_key.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for i in range(8000):
            row = {"text": f"t {i}", "id": i if i < 6000 else f"x{i}"}
            more = {"lang": "en"} if i == 5000 else {}
            stream.write(json.dumps(row | more) + "\n")
    summary = predict_file(model, path, tmp_path / f"out.{kind}")
    rejected = (tmp_path / f"out.{kind}.rejected.jsonl").read_text().splitlines()
    assert summary.n_rejected == len(rejected)
    assert json.loads(rejected[0])["line"] == 5001
    assert summary.n_texts + summary.n_rejected == 8000
    assert summary.n_texts >= 5999


def test_frame_or_dict_is_no_sequence_of_texts(model):
    """The error names the column to pass; before, the names of the columns were scored."""
    pandas = pytest.importorskip("pandas")
    loaded = load_model(model)
    frame = pandas.DataFrame({"text": ["apple pie"], "n": [1]})
    for given in (frame, {"text": ["apple pie"], "n": [1]}):
        for use in (loaded.predict, loaded.predict_proba):
            with pytest.raises(InputError, match=r"text, n; one column .*pass .*\['text'\]"):
                use(given)
    assert loaded.predict(frame["text"]) == loaded.predict(["apple pie"])


def test_unknown_parameter_of_a_training_is_refused(sixty, tmp_path):
    """Before, it was ignored, and so was what was meant."""
    with pytest.raises(InputError, match=r"no parameter 'epochs'.*Did you mean 'n_epochs'"):
        train_model(sixty, tmp_path / "m", method="compact", parameters={"epochs": 1})
    assert not (tmp_path / "m").exists()


def test_paths_are_taken_where_objects_are(sixty, model):
    """`explain_text` takes a folder, `explore_data` a file, as their siblings do."""
    assert explain_text(str(model), "apple car").predicted_label in TERMS
    assert explore_data(str(sixty)).summary["splits"]["all"]["n_texts"] == 60


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_forked_process_predicts_after_a_training(tmp_path):
    """The threads of the parent are not there, and nobody waits for them."""
    texts, labels = small_data(60)
    compact = small_estimator("compact", n_epochs=1).fit(texts, labels)
    expected, out = compact.predict_proba(texts * 5), tmp_path / "child.npy"
    child = os.fork()
    if child == 0:
        try:
            np.save(out, compact.predict_proba(texts * 5))
        finally:
            os._exit(0)
    end = time.monotonic() + 60
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            pytest.fail("the forked process hangs")
        time.sleep(0.01)
    np.testing.assert_allclose(np.load(out), expected, atol=1e-6)
