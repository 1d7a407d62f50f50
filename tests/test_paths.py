"""A mistyped file is not asked for on the Hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay._paths import expand_home, is_hub_id, is_meant_as_path, nearby
from assay.checkpoints.resolve import resolve_checkpoint
from assay.data.load import load_data
from assay.errors import InputError, ModelError
from assay.models.open import open_model

SUFFIXES = (".csv", ".jsonl", ".txt")


@pytest.mark.parametrize(
    ("given", "is_path"),
    [
        ("ok.cvs", True),
        ("ok.jsnl", True),
        ("./ok", True),
        ("~/ok", True),
        ("a/b/c", True),
        ("runs/", True),
        ("a\\b", True),
        ("emotion", False),
        ("dair-ai/emotion", False),
        ("org/bert-v1.5", False),
        ("bert-base.v2", False),
        ("org/some.thing", False),
    ],
)
def test_paths_and_names_of_the_hub_are_told_apart(given, is_path, tmp_path, monkeypatch):
    """Endings that are nearly those of files are files'; versions and owners are the Hub's."""
    monkeypatch.chdir(tmp_path)
    assert is_meant_as_path(given, suffixes=SUFFIXES) is is_path


def test_name_in_a_folder_that_is_here_is_a_path(tmp_path, monkeypatch):
    """`models/liner` is meant for the folder `models`, not for an account of that name."""
    monkeypatch.chdir(tmp_path)
    assert not is_meant_as_path("models/liner")
    (tmp_path / "models" / "linear").mkdir(parents=True)
    assert is_meant_as_path("models/liner")
    assert nearby(tmp_path / "models" / "liner") == " Did you mean 'linear'?"


def test_a_file_is_not_meant_to_be_a_folder_of_another_name(tmp_path):
    """`bo.csv` shares letters with `docs`, and is not meant for it; `train.csv` may be for `train`."""
    for name in ("docs", "train"):
        (tmp_path / name).mkdir()
    assert nearby(tmp_path / "bo.csv") == ""
    assert nearby(tmp_path / "train.csv") == " Did you mean 'train'?"
    assert nearby(tmp_path / "dcs") == " Did you mean 'docs'?"


def test_link_that_leads_nowhere_is_said(tmp_path):
    """It is not "did you mean" the very same name."""
    (tmp_path / "loop").symlink_to("loop")
    assert nearby(tmp_path / "loop") == " It is a link that leads nowhere."
    assert nearby(tmp_path / ("x" * 300)) == ""


@pytest.mark.parametrize(
    ("ask", "kind", "said"),
    [
        (
            lambda: load_data("ok.cvs"),
            InputError,
            r"no such file or folder: ok\.cvs\. Did you mean 'ok\.csv'\?",
        ),
        (
            lambda: load_data("data/ok"),
            InputError,
            r"no such file or folder: data/ok\. Did you mean 'ok\.csv'\?",
        ),
        (
            lambda: resolve_checkpoint("ok.csv"),
            InputError,
            r"'ok\.csv' is a file; a checkpoint is a folder",
        ),
        (
            lambda: resolve_checkpoint("okk.csv"),
            InputError,
            r"no checkpoint folder at okk\.csv\. Did you mean 'ok\.csv'",
        ),
        (
            lambda: resolve_checkpoint("data/ok"),
            InputError,
            r"there is no checkpoint folder at data/ok",
        ),
        (
            lambda: open_model("data/ok"),
            ModelError,
            r"there is no model folder at data/ok\. Did you mean 'ok\.csv'\?",
        ),
        (lambda: open_model("ok.csv"), ModelError, r"ok\.csv is a file; a model is a folder"),
        (lambda: open_model("nowhere"), ModelError, r"there is no model folder at nowhere"),
    ],
)
def test_mistyped_files_are_said_without_asking_the_hub(ask, kind, said, tmp_path, monkeypatch):
    """Exit code 2 with what is beside it; nothing is asked over the network, which here would be another error."""
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "data"):
        folder.mkdir(exist_ok=True)
        (folder / "ok.csv").write_text("text,label\n", encoding="utf-8")
    with pytest.raises(kind, match=said):
        ask()


@pytest.mark.parametrize(
    ("given", "is_id", "has_owner"),
    [
        ("distilbert-base-uncased", True, False),
        ("dair-ai/emotion", True, True),
        ("owner/_name.v2", True, True),
        ("a/b/c", False, False),
        ("./here", False, False),
        ("_here", False, False),
        (".hidden/name", False, False),
        ("a b", False, False),
        ("owner/", False, False),
        ("오너/이름", False, False),
        ("", False, False),
    ],
)
def test_ids_of_the_hub_have_one_form(given, is_id, has_owner):
    """Data sets, checkpoints, models and cards use the same rule; only data sets have configurations."""
    assert is_hub_id(given) is is_id
    assert is_hub_id(given, with_owner=True) is has_owner
    assert not is_hub_id(f"{given}:config")
    assert is_hub_id(f"{given}:config", with_configuration=True) is is_id


def test_home_that_nobody_has_stays_a_path():
    """It is reported as a file that does not exist, not as a mistake of assay."""
    assert expand_home("~nobody-of-that-name/data.csv") == Path("~nobody-of-that-name/data.csv")
    assert expand_home("~/data.csv").is_absolute()
    with pytest.raises(InputError, match=r"~nobody-of-that-name/data\.csv"):
        load_data("~nobody-of-that-name/data.csv")
