"""`predict` and `explain` say where texts are in a script that the training texts do not have."""

import json

import pytest

from assay.models import make_estimator, save_model

SENTENCE = "2 of the 2 texts looked at are in a script that no training text is in (Thai)"
ADVICE = "`assay predict --scope` marks such texts"


@pytest.fixture
def thai(tmp_path):
    """Return a file of two Thai texts."""
    path = tmp_path / "thai.csv"
    path.write_text("text\nพรุ่งนี้ฝนตก\nทีมของเราชนะ\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("more", [[], ["--out", "{out}"]], ids=["stdout", "file"])
def test_predict_warns_on_stderr(invoke, linear_model, thai, tmp_path, more):
    """Printed or written: the labels are the same, and --quiet leaves the warning out."""
    flags = [flag.format(out=tmp_path / "out.csv") for flag in more]
    done = invoke("predict", linear_model, thai, *flags)
    assert done.exit_code == 0
    assert SENTENCE in done.stderr
    quiet = invoke("predict", linear_model, thai, *flags, "--quiet", "--overwrite")
    assert SENTENCE not in quiet.stderr


def test_predict_warns_after_standard_input(invoke, linear_model):
    """It can be read only once, so the warning follows the answers."""
    done = invoke("predict", linear_model, stdin="พรุ่งนี้ฝนตก\nทีมของเราชนะ\n")
    assert SENTENCE in done.stderr
    known = invoke("predict", linear_model, stdin="so happy\n")
    assert "script" not in known.stderr


def test_what_is_read_once_is_counted_whole(invoke, linear_model, tmp_path):
    """Standard input that is written into a file: all its texts count, on stderr and in the summary."""
    lines = "so happy\n" * 300 + "พรุ่งนี้ฝนตก\n" * 100 + "שלום לך\n"
    done = invoke("predict", linear_model, "--out", tmp_path / "a.csv", "--json", stdin=lines)
    assert (
        "101 of the 401 texts looked at are in a script that no training text is in" in done.stderr
    )
    assert json.loads(done.stdout)["unseen_scripts"] == {"THAI": 100, "HEBREW": 1}


def test_late_rows_of_a_file_are_warned_of_after_all(invoke, linear_model, tmp_path):
    """The first rows alone are looked at before the work; where they are fine, the end says it, once."""
    source = tmp_path / "late.csv"
    rows = ["so happy"] * 300 + ["พรุ่งนี้ฝนตก"] * 100
    source.write_text("\n".join(["text", *rows]) + "\n", encoding="utf-8")
    done = invoke("predict", linear_model, source, "--out", tmp_path / "out.csv")
    assert done.stderr.count("100 of the 400 texts looked at are in a script") == 1
    assert done.stderr.count("in a script that no training text is in") == 1


def test_explain_warns_of_its_one_text(invoke, linear_model):
    """It is explained all the same; --quiet leaves the warning out."""
    warning = "the text is in a script that no training text is in (Thai): do not trust its label"
    done = invoke("explain", linear_model, "พรุ่งนี้ฝนตก")
    assert done.exit_code == 0
    assert warning in done.stderr
    assert warning not in invoke("explain", linear_model, "พรุ่งนี้ฝนตก", "--quiet").stderr
    assert "script" not in invoke("explain", linear_model, "so happy").stderr


def test_a_flag_is_named_only_where_the_model_can_follow_it(invoke, linear_model, tmp_path):
    """A model that was fitted in Python cannot tell scope: --scope would be refused."""
    folder = tmp_path / "m"
    save_model(make_estimator("linear").fit(["so good", "so bad"], ["a", "b"]), folder)
    for command in ("explain", "predict"):
        text = "พรุ่งนี้ฝนตก"
        path = tmp_path / "one.csv"
        path.write_text(f"text\n{text}\n", encoding="utf-8")
        given = text if command == "explain" else path
        for model, is_named in ((linear_model, True), (folder, False)):
            said = invoke(command, model, given).stderr
            assert "do not trust its label" in said
            assert (ADVICE in said) == is_named
    marked = invoke("predict", linear_model, path, "--scope").stderr
    assert "do not trust its label" in marked
    assert ADVICE not in marked  # it is what was asked for


def test_labels_behind_texts_are_warned_of(invoke, linear_model, tmp_path):
    """A .txt file that was made to train on is scored line by line, labels too; a semicolon alone is none."""
    labelled, plain = tmp_path / "train.txt", tmp_path / "plain.txt"
    labelled.write_text("so happy;joy\nso sad;Sadness\nwhat a day; night\n", encoding="utf-8")
    plain.write_text("so happy; great\nso sad; really\n", encoding="utf-8")
    done = invoke("predict", linear_model, labelled)
    assert done.exit_code == 0
    assert "2 of the first 3 texts end in a semicolon and a label" in done.stderr
    assert "semicolon" not in invoke("predict", linear_model, labelled, "--quiet").stderr
    assert "semicolon" not in invoke("predict", linear_model, plain).stderr
