"""Pulling a model: verified before it counts, refused by name where it could run code, whole or not at all."""

from __future__ import annotations

import json

import pytest

from _support.loopback_hub import Repo
from assay.runtime.predictor import load_model


def files_of(folder):
    """Read a model folder as a repository holds it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def share(hub, trained, name="me/mood", *, private=False, gated=False, **changes):
    """Put a model on the Hub, with some files changed; None leaves one out."""
    files = {**files_of(trained), **changes}
    files = {path: data for path, data in files.items() if data is not None}
    hub.repos["models", name] = Repo("models", name, files, private=private, gated=gated)


def test_pulled_model_is_the_pushed_one(shell, hub, trained, tmp_path):
    """What comes back is verified, predicts the same, and holds nothing of the client's own."""
    shell("push", trained, "mood")
    code, found, _ = shell("pull", "me/mood", "--out", tmp_path / "mood", token=None)
    assert code == 0
    assert (found["method"], found["revision"]) == ("linear", hub.model("me/mood").head)
    assert set(files_of(tmp_path / "mood")) == set(hub.model("me/mood").files)
    texts = ["so happy today", "정말 슬퍼요"]
    again = load_model(tmp_path / "mood").predict_proba(texts)
    assert (again == load_model(trained).predict_proba(texts)).all()
    assert shell("verify", tmp_path / "mood")[0] == 0


def test_pull_takes_the_revision_that_was_asked_for(shell, hub, trained, tmp_path):
    """An older commit is fetched by its name."""
    share(hub, trained)
    first = hub.model("me/mood").head
    hub.model("me/mood").add({**hub.model("me/mood").files, "NOTICE": b"new"}, "second")
    assert shell("pull", "me/mood", "--out", tmp_path / "old", "--revision", first)[0] == 0
    assert not (tmp_path / "old" / "NOTICE").exists()
    code, found, _ = shell("pull", "me/mood", "--out", tmp_path / "none", "--revision", "v9")
    assert code == 2
    assert "'me/mood' has no such revision" in found["error"]


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        (
            {"pytorch_model.bin": b"x"},
            2,
            "holds 'pytorch_model.bin': files of this kind can run code",
        ),
        ({"modeling.py": b"x"}, 2, "holds 'modeling.py': files of this kind can run code"),
        ({"assay.json": None}, 2, "has no assay.json: it is not a model of assay"),
        (
            {"config.json": b'{"auto_map": {}}'},
            2,
            "'config.json' of 'me/mood' names code of its own (auto_map)",
        ),
        (
            {"vocabulary.json": b"{}"},
            3,
            "'vocabulary.json' in 'me/mood' has 2 bytes; assay.json says",
        ),
        ({"vocabulary.json": None}, 3, "'me/mood' lacks 'vocabulary.json', which assay.json lists"),
        ({"extra.json": b"{}"}, 3, "'me/mood' holds 'extra.json', which assay.json does not list"),
    ],
    ids=["pickle", "code", "no-model", "auto-map", "changed", "missing", "unlisted"],
)
def test_pull_refuses_what_is_no_safe_whole_model(
    shell, hub, trained, tmp_path, changes, code, said
):
    """The file is named, and nothing is left behind."""
    share(hub, trained, **changes)
    found_code, found, _ = shell("pull", "me/mood", "--out", tmp_path / "out" / "mood")
    assert found_code == code
    assert said in found["error"]
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    if "holds 'py" in said or "holds 'mod" in said:
        assert not hub.asked("/resolve/", method="GET")


def test_private_and_gated_models_are_refused(shell, hub, trained, tmp_path):
    """Without a right to see it, a private repository is none; a gated one says whom to ask."""
    share(hub, trained, "me/secret", private=True)
    share(hub, trained, "acme/gated", gated=True)
    for token in (None, "hf_other"):
        code, found, _ = shell("pull", "me/secret", "--out", tmp_path / "a", token=token)
        assert code == 2
        assert "the Hub has no model 'me/secret' that you can see" in found["error"]
    assert shell("pull", "me/secret", "--out", tmp_path / "b", token="hf_write")[0] == 0
    code, found, _ = shell("pull", "acme/gated", "--out", tmp_path / "c")
    assert code == 2
    assert "'acme/gated' is gated, and its owner has not let this account in" in found["error"]
    assert {path.name for path in tmp_path.iterdir()} <= {"b", "home"}


def test_pull_goes_on_after_passing_trouble(shell, hub, trained, tmp_path):
    """A failing server is asked again."""
    share(hub, trained)
    hub.fail_next += [("GET", "/api/models/me/mood", 500), ("GET", "/resolve/", 503)]
    assert shell("pull", "me/mood", "--out", tmp_path / "mood")[0] == 0
    assert not hub.fail_next


def test_full_disk_leaves_no_half_model(shell, hub, trained, tmp_path):
    """The system refuses to write: exit code 4, and nothing is left where the model was to go."""
    share(hub, trained)
    size = len(hub.model("me/mood").files["model.safetensors"])
    refuse = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size // 2}, {size // 2}))"
    )
    code, found, _ = shell.apart("pull", "me/mood", "--out", tmp_path / "mood", before=refuse)
    assert (code, found["error_type"]) == (4, "OutsideError")
    assert "could not be written" in found["error"]
    assert not [path for path in tmp_path.iterdir() if path.name != "home"]


def test_pull_into_something_that_is_there_asks_nobody(shell, hub, trained, tmp_path):
    """An existing output is refused before any request, unless --overwrite."""
    share(hub, trained)
    (tmp_path / "mood").mkdir()
    (tmp_path / "mood" / "note.txt").write_text("mine", encoding="utf-8")
    code, found, _ = shell("pull", "me/mood", "--out", tmp_path / "mood")
    assert (code, found["error_type"]) == (2, "OutputExistsError")
    assert not hub.requests
    assert shell("pull", "me/mood", "--out", tmp_path / "mood", "--overwrite")[0] == 0
    assert (
        json.loads((tmp_path / "mood" / "assay.json").read_text(encoding="utf-8"))["method"]
        == "linear"
    )
