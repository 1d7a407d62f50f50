"""`assay explain`: marks and a table, plain where piped, one object with --json.

These are the tests of explain_command.
"""

import contextlib
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from assay.cli.explain_command import _print_scores
from assay.models import keep_texts


def test_explanation_has_scores_words_and_sum(invoke, linear_model):
    """The label with its score, the strongest word first with its marks, and how it adds up."""
    done = invoke("explain", linear_model, "i am very happy today")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("joy 0.")
    assert "(others: " in lines[0]
    assert lines[3].split()[0] == "happy"
    assert lines[3].endswith("++++++++++")
    assert ", exactly (logits minus their mean over all labels)" in done.stdout
    shown = re.search(r"words (\S+), without words (\S+): together (\S+),", done.stdout)
    words, base, total = (round(100 * float(number)) for number in shown.groups())
    assert words + base == total
    assert "\x1b" not in done.stdout


def test_label_and_number_of_words_are_chosen(invoke, linear_model):
    """--label explains another label, --top-k cuts the table and says so."""
    done = invoke(
        "explain", linear_model, "i am very happy today", "--label", "sadness", "--top-k", "2"
    )
    assert done.stdout.startswith("sadness 0.")
    assert "and 3 more words, which push less" in done.stdout
    assert "--" in done.stdout


def test_json_is_the_explanation(invoke, linear_model):
    """One object with every word in the order of the text."""
    found = json.loads(invoke("explain", linear_model, "오늘 happy", "--json").stdout)
    assert [word["word"] for word in found["words"]] == ["오늘", "happy"]
    assert found["label"] == found["predicted_label"] == "joy"


@pytest.fixture(scope="module")
def kept_model(tmp_path_factory, linear_model):
    """Copy the model, with two training texts in it."""
    folder = shutil.copytree(linear_model, tmp_path_factory.mktemp("kept") / "model")
    keep_texts(folder, ["a very happy\nday", "so sad today \x1b[31mred"], [1, 0])
    return folder


def test_nearest_training_texts_follow(invoke, kept_model):
    """--nearest shows them with label and likeness, one per line, control characters harmless; --json has them whole."""
    done = invoke("explain", kept_model, "a happy day, not sad", "--nearest", "5")
    assert done.exit_code == 0, done.stderr
    table = done.stdout[done.stdout.index("Nearest training texts") :].splitlines()
    assert [line.split()[1] for line in table[3:5]] == ["joy", "sadness"]
    assert "a very happy day" in table[3]
    assert "\x1b" not in done.stdout
    found = json.loads(
        invoke("explain", kept_model, "a happy day", "--nearest", "1", "--json").stdout
    )["nearest"]
    assert [(one["text"], one["label"]) for one in found] == [("a very happy\nday", "joy")]
    assert 0 < found[0]["similarity"] < 1
    done = invoke("explain", kept_model, "qqq", "--nearest", "1")
    assert "No training text that it keeps shares a word with this one." in done.stdout


def test_model_without_training_texts_says_so(invoke, linear_model, kept_model):
    """Exit code 2 and what to do, before anything is explained; `info` says which model is which."""
    done = invoke("explain", linear_model, "a happy day", "--nearest", "1")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: the model keeps no training texts, so there are no nearest ones to show\n"
        "hint: they are kept where training is asked to: assay train ... --keep-texts\n"
    )
    shown = invoke("info", linear_model).stdout
    assert "texts        keeps none of its training texts\n" in shown
    assert "readable     words, word pairs and character n-grams that several training" in shown
    assert (
        "texts        keeps 2 of its 2 training texts; push leaves them out\n"
        in invoke("info", kept_model).stdout
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["text", "--label", "joi"], "error: the model has no label 'joi'; labels: "),
        ([], "error: Missing argument 'TEXT'"),
        (["text", "--nearest", "-1"], "error: Invalid value for '--nearest'"),
        (["text", "--top-k", "0"], "error: Invalid value for '--top-k'"),
    ],
    ids=["label", "no-text", "nearest", "top-k"],
)
def test_bad_input_is_a_sentence(invoke, linear_model, args, message):
    """Exit code 2, one sentence, nothing on stdout."""
    done = invoke("explain", linear_model, *args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(message)


def test_empty_text_has_no_words(invoke, linear_model):
    """Nothing to mark is no error: the label of a text without words, and the sum."""
    done = invoke("explain", linear_model, "")
    assert done.exit_code == 0
    assert "words +0.00" in done.stdout


def test_escape_codes_in_a_text_are_shown_not_obeyed(invoke, linear_model):
    """A text cannot drive the terminal."""
    assert "\\x1b[31mhappy" in invoke("explain", linear_model, "\x1b[31mhappy").stdout


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
def test_terminal_shows_the_text_with_marked_words(linear_model):
    """On a terminal the words that push are coloured and underlined in the text; the others are not."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "assay", "explain", str(linear_model), "i am very happy today"]
    subprocess.run(command, stdout=theirs, env=environment, check=True, timeout=120)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "\x1b[1;4;34mhappy\x1b[0m" in shown


def test_labels_with_one_score_are_said(invoke, linear_model):
    """A text without a known word: which label is given says nothing; elsewhere nothing is said."""
    explanation = SimpleNamespace(
        labels=("a", "b", "c"),
        probs=np.array([0.4001, 0.1998, 0.4001]),
        column_of=lambda label: 0 if label is None else 1,
    )
    with io.StringIO() as out, contextlib.redirect_stdout(out):
        _print_scores(explanation, None)
        said = " ".join(out.getvalue().split())
    assert said.startswith("a 0.400 (others: c 0.400, b 0.200)")
    assert said.endswith(
        "a and c have the same score to three digits: nothing in this text tells them apart"
    )
    assert "the same score" not in invoke("explain", linear_model, "i am very happy today").stdout
