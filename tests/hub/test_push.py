"""Pushing a model: real client, real HTTP, real folders.

These are also the tests of card and shipment, and of assay.cli.hub_commands.
"""

from __future__ import annotations

import json
import shutil

import pytest
from huggingface_hub import ModelCard
from typer.testing import CliRunner

from assay.cli.app import app
from assay.models import keep_texts
from assay.runtime import load_model


def test_push_sends_the_whole_model_once(shell, hub, trained):
    """A model arrives with its two binary files; pushed again, nothing is sent and the commit stays."""
    code, first, _ = shell("push", trained, "mood", "--message", "first")
    assert code == 0
    repo = hub.model("me/mood")
    assert first["repo"] == "me/mood"
    assert first["url"] == f"{hub.url}/me/mood"
    assert (first["commit"], repo.commits[-1][2]) == (repo.head, "first")
    assert first["is_changed"]
    assert not first["is_private"]
    assert (
        {one["path"] for one in first["files"]}
        == set(repo.files)
        >= {"assay.json", "model.safetensors", "training_hashes.safetensors"}
    )
    for name, data in repo.files.items():
        if name != "README.md":
            assert data == (trained / name).read_bytes()
    assert len(hub.asked("/_lfs/", method="PUT")) == 2

    code, second, _ = shell("push", trained, "me/mood")
    assert code == 0
    assert (second["commit"], second["is_changed"]) == (first["commit"], False)
    assert len(hub.asked("/_lfs/", method="PUT")) == 2
    assert len(repo.commits) == 2  # that of its making, and the first push


def test_pushed_card_names_the_repository(shell, hub, trained):
    """The examples of the card on the Hub can be pasted: they pull that very repository."""
    assert "cd MODEL   # this folder" in (trained / "README.md").read_text(encoding="utf-8")
    assert shell("push", trained, "mood")[0] == 0
    assert (
        "assay pull me/mood --out MODEL && cd MODEL"
        in hub.model("me/mood").files["README.md"].decode()
    )


@pytest.mark.parametrize("name", ["notes.png", "pictures"])
def test_link_out_of_the_folder_is_not_followed(shell, hub, trained, tmp_path, name):
    """A file or folder of elsewhere is never published, even where pictures are free to add."""
    folder = shutil.copytree(trained, tmp_path / "model")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.png").write_text("a secret")
    (folder / name).symlink_to(secret / "key.png" if name.endswith(".png") else secret)
    code, found, _ = shell("push", folder, "mood")
    assert code == 2
    assert f"'{name}' in {folder} is a link out of the folder" in found["error"]
    assert not hub.requests


def test_link_inside_the_folder_is_sent_as_a_file(shell, hub, trained, tmp_path):
    """It leads to what is sent anyway."""
    folder = shutil.copytree(trained, tmp_path / "model")
    (folder / "again.png").symlink_to("confusion.png")
    (folder / "confusion.png").write_bytes(b"a picture")
    assert shell("push", folder, "mood")[0] == 0
    assert hub.model("me/mood").files["again.png"] == b"a picture"


def test_dry_run_sends_nothing_and_needs_no_network(shell, hub, trained):
    """It lists the files; nobody is asked anything, logged in or not."""
    code, found, _ = shell.apart("push", trained, "mood", "--dry-run", "--offline", token=None)
    assert code == 0
    assert found["commit"] is None
    assert found["n_bytes"] == sum(one["size_bytes"] for one in found["files"])
    assert not hub.requests


@pytest.fixture
def kept(trained, tmp_path):
    """Copy the model, with training texts in it."""
    folder = shutil.copytree(trained, tmp_path / "kept")
    keep_texts(folder, ["a secret text", "another"], [0, 1])
    return folder


def test_training_texts_stay_at_home(shell, hub, trained, kept, tmp_path):
    """Neither the file nor a word of it in assay.json is sent; what is pulled is a whole model that verifies."""
    code, found, _ = shell("push", kept, "mood")
    assert code == 0
    assert [one["path"] for one in found["left_out"]] == ["training_texts.json"]
    files = hub.model("me/mood").files
    assert "training_texts.json" not in files
    assert not [
        name for name, data in files.items() if b"secret" in data or b"training_texts" in data
    ]
    assert {one["path"]: one["size_bytes"] for one in found["files"]}["assay.json"] == len(
        files["assay.json"]
    )
    assert json.loads(files["assay.json"]) == json.loads(
        (trained / "assay.json").read_text(encoding="utf-8")
    )
    assert shell("pull", "me/mood", "--out", tmp_path / "pulled")[0] == 0
    assert shell("verify", tmp_path / "pulled")[0] == 0
    assert (kept / "training_texts.json").is_file()


def test_training_texts_are_sent_where_asked_and_taken_back(shell, hub, kept, tmp_path):
    """--with-texts sends them; a later push without it removes them from the repository."""
    code, found, _ = shell("push", kept, "mood", "--with-texts")
    assert (code, found["left_out"]) == (0, [])
    assert shell("pull", "me/mood", "--out", tmp_path / "pulled")[0] == 0
    assert load_model(tmp_path / "pulled").nearest(["secret"], n=1)[0][0].text == "a secret text"
    assert shell("push", kept, "mood")[0] == 0
    assert "training_texts.json" not in hub.model("me/mood").files


def test_dry_run_says_what_stays_at_home(shell, hub, kept, monkeypatch):
    """The list is that of a real push, assay.json as large as it will be; the sentence names file and flag."""
    code, found, _ = shell("push", kept, "mood", "--dry-run")
    assert code == 0
    assert [one["path"] for one in found["left_out"]] == ["training_texts.json"]
    assert found["files"] == shell("push", kept, "mood")[1]["files"]
    done = CliRunner().invoke(app, ["push", str(kept), "mood", "--dry-run"], prog_name="assay")
    assert (
        "left out: training_texts.json, the training texts it keeps (--with-texts sends them)\n"
        in done.stdout
    )


def test_broken_model_is_never_sent(shell, hub, trained, tmp_path):
    """A wrong hash stops everything before the first request."""
    broken = shutil.copytree(trained, tmp_path / "broken")
    weights = bytearray((broken / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (broken / "model.safetensors").write_bytes(weights)
    code, found, _ = shell("push", broken, "mood")
    assert code == 2
    assert "assay.json says" in found["error"]
    assert not hub.requests


@pytest.mark.parametrize(
    ("token", "repo", "said"),
    [
        (None, "mood", "not logged in to the Hub"),
        ("hf_unknown", "mood", "the Hub does not accept the token in HF_TOKEN"),
        ("hf_read", "mood", "the token of 'me' may only read: it has no write permission"),
        ("hf_write", "other/mood", "this account or its token may not do that at 'other/mood'"),
        ("hf_write", "a/b/c", "'a/b/c' is no name of a repository; accepted: 1 to 96 letters"),
    ],
    ids=["no-token", "wrong-token", "read-token", "others-name", "bad-name"],
)
def test_push_that_may_not_be_is_an_input_error(shell, hub, trained, token, repo, said):
    """Exit code 2, one sentence, and no repository is made."""
    code, found, _ = shell("push", trained, repo, token=token)
    assert code == 2
    assert said in found["error"]
    assert not [kind for kind, _ in hub.repos if kind == "models"]


def test_passing_trouble_is_repeated(shell, hub, trained):
    """A rate limit, a server that is down and one that hangs up are asked again, and the model arrives."""
    hub.fail_next += [
        ("GET", "whoami", 429),
        ("POST", "repos/create", 503),
        ("GET", "/api/models/me/mood", 0),
        ("POST", "preupload", 503),
    ]
    code, found, said = shell("push", trained, "mood")
    assert (code, found["is_changed"]) == (0, True)
    assert not hub.fail_next
    assert said.count("asking again") == 3  # the client itself repeats the fourth


@pytest.mark.parametrize(
    ("faults", "code", "said"),
    [
        ([("POST", "/commit/", 409)], 4, "was changed by somebody else meanwhile (HTTP 409)"),
        ([("POST", "/commit/", 500)] * 12, 4, "the Hub failed (HTTP 500)"),
        ([("POST", "/commit/", 0)] * 12, 4, "the Hub cannot be reached, or the connection was cut"),
        ([("POST", "/commit/", 401)], 2, "the Hub does not accept your token"),
    ],
    ids=["conflict", "down", "cut", "refused"],
)
def test_failed_push_loses_nothing_and_says_what_to_run(shell, hub, trained, faults, code, said):
    """The repository is as it was, and running the command of the hint ends well."""
    hub.fail_next += faults
    found_code, found, _ = shell("push", trained, "mood")
    assert found_code == code
    assert said in found["error"]
    if code == 4:
        assert f"assay push {trained} me/mood" in found["hint"]
    assert hub.model("me/mood").files == {}
    hub.fail_next.clear()
    assert shell("push", trained, "me/mood")[0] == 0
    assert "assay.json" in hub.model("me/mood").files


def test_push_replaces_an_earlier_model_whole(shell, hub, trained):
    """Files that the new model has not are gone, and what people added to the repository stays."""
    old = {"assay.json": b"{}", "onnx/model.onnx": b"old", "LICENSE": b"mine", "plot.png": b"mine"}
    hub.fail_next.clear()
    shell("push", trained, "mood")
    hub.model("me/mood").add({**hub.model("me/mood").files, **old}, "by hand")
    assert shell("push", trained, "mood")[0] == 0
    files = hub.model("me/mood").files
    assert "onnx/model.onnx" not in files
    assert files["LICENSE"] == b"mine"
    assert json.loads(files["assay.json"])["method"] == "linear"


def test_push_does_not_write_over_something_else(shell, hub, trained):
    """A repository that holds no model of assay is left alone."""
    shell("push", trained, "mood")
    hub.model("me/mood").add(
        {"model.safetensors": b"theirs", "README.md": b"theirs"}, "another project"
    )
    code, found, _ = shell("push", trained, "mood")
    assert code == 2
    assert "holds something else than a model of assay: model.safetensors" in found["error"]
    assert hub.model("me/mood").files["model.safetensors"] == b"theirs"


def test_private_means_private(shell, hub, trained):
    """--private makes a private repository, and refuses to send to one that everybody sees."""
    assert shell("push", trained, "secret", "--private")[1]["is_private"]
    assert hub.model("me/secret").private
    shell("push", trained, "open")
    code, found, _ = shell("push", trained, "open", "--private")
    assert code == 2
    assert "'me/open' exists and is public; --private cannot hide it" in found["error"]


def test_licence_is_written_into_the_card(shell, hub, trained):
    """The chosen licence is in the metadata; the body and the card on disk stay as they were."""
    before = (trained / "README.md").read_text(encoding="utf-8")
    assert shell("push", trained, "mood", "--license", "cc-by-4.0")[0] == 0
    pushed = hub.model("me/mood").files["README.md"].decode()
    card = ModelCard(pushed)
    assert card.data.license == "cc-by-4.0"
    assert card.data.eval_results == ModelCard(before).data.eval_results
    assert pushed.split("\n## Labels")[1] == before.split("\n## Labels")[1].replace(
        "cd MODEL   # this folder", "assay pull me/mood --out MODEL && cd MODEL"
    )
    assert (trained / "README.md").read_text(encoding="utf-8") == before
    code, found, _ = shell("push", trained, "mood", "--license", "Do What You Want")
    assert code == 2
    assert "is no identifier of a licence" in found["error"]
