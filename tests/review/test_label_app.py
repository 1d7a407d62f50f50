"""The API of the label page, asked in this process. Tests label_state and page_gate, too."""

import errno
import os

import pytest
from starlette.testclient import TestClient

from assay.review.adviser import Adviser
from assay.review.label_app import create_label_app
from assay.review.session import LabelSession

HOSTS = frozenset({"localhost"})
BASE = "http://localhost:8001"


@pytest.fixture
def adviser(session):
    """One that is not started: texts come in random order."""
    return Adviser(session, checkpoint="terms")


@pytest.fixture
def client(session, adviser):
    """Ask the application by its own name."""
    return TestClient(create_label_app(session, adviser, hosts=HOSTS), base_url=BASE)


def decision(state, **changes):
    """Return the body of a decision on the text of a state."""
    body = {"id": f"id {state['version']}", "version": state["version"], "labels": ["joy"]}
    return {**body, "position": state["item"]["position"], "seconds": 1.5, **changes}


def test_state_has_all_that_the_page_shows(client, pool):
    """The text, the labels with their counts, and how far it is."""
    state = client.get("/state").json()
    assert state["item"]["text"] in pool.texts
    assert state["labels"] == [{"label": name, "n": 0} for name in ("joy", "sadness", "fear")]
    assert (state["n_pool"], state["n_left"], state["estimate"]) == (20, 20, None)


def test_decision_brings_the_next_text(client, session):
    """It is in the journal by then."""
    state = client.get("/state").json()
    after = client.post("/decide", json=decision(state, note="odd")).json()
    assert (after["n_decided"], after["n_left"]) == (1, 19)
    assert after["item"]["text"] != state["item"]["text"]
    assert session.labelling.last().note == "odd"
    found = client.get("/history?back=0").json()["item"]
    assert (found["text"], found["labels"], found["note"]) == (
        state["item"]["text"],
        ["joy"],
        "odd",
    )
    assert client.get("/history?back=5").json() == {"item": None}
    assert client.get("/history?back=" + "9" * 5000).status_code == 422
    undone = client.post("/undo", json={"id": "u", "version": after["version"]}).json()
    assert undone["item"]["text"] == state["item"]["text"]


def test_labels_are_added_and_renamed(client):
    """Both are answered with the new state."""
    state = client.get("/state").json()
    body = {"id": "1", "version": state["version"], "label": "new"}
    state = client.post("/labels", json=body).json()
    body = {"id": "2", "version": state["version"], "label": "joy", "to": "new"}
    state = client.post("/labels", json=body).json()
    assert [one["label"] for one in state["labels"]] == ["new", "sadness", "fear"]
    lasts = []
    while state["last"] is not None:
        lasts.append(state["last"])
        body = {"id": f"u{len(lasts)}", "version": state["version"]}
        state = client.post("/undo", json=body).json()
    assert lasts == [
        {"kind": "merge", "label": "joy", "to": "new"},
        {"kind": "label", "label": "new", "to": ""},
    ]
    assert [one["label"] for one in state["labels"]] == ["joy", "sadness", "fear"]


@pytest.mark.parametrize(
    ("changes", "status", "part"),
    [
        ({"version": 99}, 409, "another page"),
        ({"labels": ["anger"]}, 422, "no label 'anger'"),
        ({"labels": "joy"}, 422, "no list of names"),
        ({"position": -1}, 422, "position is -1"),
        ({"seconds": "1"}, 422, "seconds is no number"),
        ({"id": ""}, 422, "id is missing"),
        ({"lables": []}, 422, "not known"),
    ],
)
def test_what_cannot_be_kept_is_refused(client, changes, status, part):
    """With a sentence; nothing is kept."""
    state = client.get("/state").json()
    answer = client.post("/decide", json=decision(state, **changes))
    assert answer.status_code == status
    assert part in answer.json()["error"]
    assert client.get("/state").json()["n_decided"] == 0


def test_decision_that_is_sent_twice_counts_once(client):
    """An answer that got lost: the page sends the decision again."""
    state = client.get("/state").json()
    body = decision(state)
    assert client.post("/decide", json=body).json() == client.post("/decide", json=body).json()


def test_full_disk_is_said_and_nothing_is_lost(client, monkeypatch):
    """The page sends the decision again until there is room."""
    state = client.get("/state").json()

    def refuse(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        answer = client.post("/decide", json=decision(state))
    assert answer.status_code == 507
    assert "the disk is full" in answer.json()["error"]
    assert client.post("/decide", json=decision(state)).json()["n_decided"] == 1


@pytest.mark.parametrize(
    ("headers", "content_type", "status"),
    [
        ({"host": "evil.example"}, "application/json", 421),
        ({"origin": "http://evil.example"}, "application/json", 403),
        ({"origin": "null"}, "application/json", 403),
        ({}, "text/plain", 415),
    ],
)
def test_other_pages_cannot_decide(client, headers, content_type, status):
    """By another name, from another origin, or as a form could send it."""
    state = client.get("/state").json()
    given = {"content-type": content_type, **headers}
    answer = client.post("/decide", json=decision(state), headers=given)
    assert answer.status_code == status
    assert client.get("/state").json()["n_decided"] == 0


def test_own_origin_may_decide(client):
    """As browsers say it."""
    state = client.get("/state").json()
    answer = client.post("/decide", json=decision(state), headers={"origin": BASE})
    assert answer.status_code == 200


def test_page_runs_nothing_from_elsewhere(client):
    """The page and its parts have the headers of the server's page."""
    for path in ("/", "/static/label.js", "/static/say.js", "/static/sentences.js"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "no-store" in client.get("/state").headers["cache-control"]


def test_mistake_of_the_server_tells_nothing(client, monkeypatch, caplog):
    """No text in the answer, none in the log."""

    def fail(self):
        raise RuntimeError("secret text")

    monkeypatch.setattr(LabelSession, "current", fail)
    answer = client.get("/state")
    assert answer.status_code == 500
    assert "secret" not in answer.text + caplog.text
