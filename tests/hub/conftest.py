"""A saved model to share, and a command line that talks to a Hub on loopback."""

from __future__ import annotations

import json
import subprocess
import sys

import huggingface_hub
import pytest
from typer.testing import CliRunner

from _support.loopback_hub import LoopbackHub, hub_environment
from _support.small_models import small_data
from assay.cli.app import app
from assay.recipes.train import train_model

TOKENS = {"hf_write": ("me", "write"), "hf_read": ("me", "read"), "hf_other": ("other", "write")}


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Train a linear model; return its folder. Nobody may change it."""
    folder = tmp_path_factory.mktemp("models") / "mood"
    train_model(small_data(120), folder, method="linear")
    return folder


class Shell:
    """Runs `assay` against the Hub on loopback: in this process, or in one of its own."""

    def __init__(self, hub, home, monkeypatch):
        self.hub, self.home, self.monkeypatch = hub, home, monkeypatch

    def __call__(self, *args, token="hf_write", stdin=""):
        """Run a command line with --json; return exit code, what it printed, and stderr."""
        point_client_at(self.hub.url, self.home, self.monkeypatch)
        if token is None:
            self.monkeypatch.delenv("HF_TOKEN", raising=False)
        else:
            self.monkeypatch.setenv("HF_TOKEN", token)
        done = CliRunner().invoke(app, [*map(str, args), "--json"], input=stdin, prog_name="assay")
        return self._judge(done.exit_code, done.stdout, done.stderr)

    def apart(self, *args, token="hf_write", stdin="", before=""):
        """Do the same in a process of its own, which runs the code `before` first."""
        code = f"{before}\nfrom assay.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, args), "--json"],
            env=hub_environment(self.hub.url, self.home, token=token),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return self._judge(done.returncode, done.stdout, done.stderr)

    def _judge(self, code, out, err):
        assert "Traceback" not in err, err
        assert not [secret for secret in TOKENS if secret in out + err]
        return code, json.loads(out), err


def point_client_at(url, home, monkeypatch):
    """Make huggingface_hub, which read its environment when it was imported, use this Hub and home."""
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_STORED_TOKENS_PATH", str(home / "stored_tokens"))


@pytest.fixture
def hub():
    """Start a Hub with two accounts and some data sets."""
    names = ("acme/emotion", "acme/emotion-ko", "acme/news", "other/emotions")
    datasets = {name: {"train.csv": b"text,label\na,x\n"} for name in names}
    with LoopbackHub(datasets, tokens=TOKENS) as one:
        yield one


@pytest.fixture
def shell(hub, tmp_path, monkeypatch):
    """Return the command line for that Hub, with an empty home; it waits but a moment before it asks again."""
    monkeypatch.setattr("assay.hub.refusals.RETRY_WAITS_S", (0.01, 0.01))
    monkeypatch.setattr("assay.hub.push.UPLOAD_WAITS_S", (0.01,))
    monkeypatch.setattr("assay.hub.pull.DOWNLOAD_WAITS_S", (0.01,))
    # The client's own waits, of a second and more, are none of ours.
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    return Shell(hub, tmp_path / "home", monkeypatch)
