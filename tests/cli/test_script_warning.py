"""`predict` and `explain` say where texts are in a script that the training texts do not have."""

import pytest

SENTENCE = "2 of the 2 texts looked at are in a script that no training text is in (Thai)"


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


def test_explain_warns_of_its_one_text(invoke, linear_model):
    """It is explained all the same; --quiet leaves the warning out."""
    warning = "the text is in a script that no training text is in (Thai): do not trust its label"
    done = invoke("explain", linear_model, "พรุ่งนี้ฝนตก")
    assert done.exit_code == 0
    assert warning in done.stderr
    assert warning not in invoke("explain", linear_model, "พรุ่งนี้ฝนตก", "--quiet").stderr
    assert "script" not in invoke("explain", linear_model, "so happy").stderr
