"""Logging in: the real client against a Hub on loopback."""

from __future__ import annotations

import huggingface_hub
import pytest

from assay.errors import InputError
from assay.hub.access import check_repo_id, login


def test_login_keeps_the_token_and_never_shows_it(shell):
    """A token of standard input is checked and kept; the next process is logged in without one."""
    code, found, _ = shell.apart("login", token=None, stdin="hf_write\n")
    assert (code, found) == (0, {"name": "me", "role": "write", "token_source": "given"})
    assert (shell.home / "token").read_text(encoding="utf-8") == "hf_write"
    code, found, _ = shell.apart("login", token=None)
    assert (code, found["token_source"]) == (0, "earlier login")


def test_login_with_a_token_of_the_environment(shell):
    """HF_TOKEN is enough, and nothing is kept."""
    code, found, _ = shell("login", token="hf_read")
    assert (code, found) == (0, {"name": "me", "role": "read", "token_source": "HF_TOKEN"})
    assert not (shell.home / "token").exists()


@pytest.mark.parametrize(
    ("token", "args", "stdin", "said"),
    [
        (None, [], "", "not logged in to the Hub: there is no token in HF_TOKEN"),
        (None, ["--new"], "hf_unknown", "the Hub does not accept the token that was given"),
        ("hf_unknown", [], "", "the Hub does not accept the token in HF_TOKEN"),
        (None, [], "two words", "this is no token of the Hub"),
    ],
    ids=["none", "wrong", "wrong-in-environment", "odd"],
)
def test_login_refusals_are_input_errors(shell, token, args, stdin, said):
    """Exit code 2 and one sentence; a refused token is not kept."""
    code, found, _ = shell("login", *args, token=token, stdin=stdin)
    assert code == 2
    assert said in found["error"]
    assert not (shell.home / "token").exists()


def test_login_in_python_without_anybody_to_ask_is_an_error(monkeypatch):
    """Outside a notebook, `assay.login()` never waits for somebody."""
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    with pytest.raises(InputError, match="not logged in to the Hub"):
        login()


def test_login_offline_says_so(monkeypatch):
    """Offline is the user's own choice."""
    monkeypatch.setenv("ASSAY_OFFLINE", "1")
    with pytest.raises(InputError, match="the Hub cannot be used offline"):
        login("hf_write")


def test_unreachable_hub_is_an_outside_error(shell):
    """Nobody listens: exit code 4, and the command to run again."""
    shell.hub.url = "http://127.0.0.1:9"
    code, found, _ = shell("login")
    assert code == 4
    assert "could not log in: the Hub cannot be reached" in found["error"]
    assert "run it again: assay login" in found["hint"]


@pytest.mark.parametrize(
    "name", ["a/b/c", "me/..", "me/a--b", "me/a b", "", "x" * 97, "me/mood.git"]
)
def test_repo_name_that_the_hub_refuses_is_refused_with_the_rule(name):
    """The rule is said, not only that it was broken."""
    with pytest.raises(InputError, match=r"is no name of a repository; accepted: 1 to 96 letters"):
        check_repo_id(name)
