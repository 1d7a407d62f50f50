"""The gate: under which names the server is called.

What else it does is held by the tests of the application.
"""

import re

import pytest
from starlette.testclient import TestClient

from _support.server_runs import running
from _support.small_runs import start_assay
from assay.server import create_app

TEXT = "i am very happy this day"
slow = pytest.mark.slow  # a process of its own


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:8000",
        "127.0.0.1",
        "127.0.0.1:9",
        "[::1]",
        "[::1]:8000",
        "box.example:80",
    ],
)
def test_own_names_are_answered(shelf, host):
    """With any port, in any case."""
    app = create_app(shelf, hosts=["localhost", "127.0.0.1", "[::1]", "Box.example"])
    with TestClient(app) as client:
        assert client.get("/health", headers={"Host": host}).status_code == 200
        assert (
            client.post("/predict", json={"inputs": TEXT}, headers={"Host": host}).status_code
            == 200
        )


@pytest.mark.parametrize("path", ["/", "/health", "/info", "/docs", "/static/page.js", "/nowhere"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example:80",
        "",
        ":80",
        "[::2]",
    ],
)
def test_other_names_are_refused_everywhere(shelf, host, path):
    """A name that an attacker points to this machine: nothing is told under it, neither the page nor the models."""
    with TestClient(create_app(shelf, hosts=["localhost", "127.0.0.1", "[::1]"])) as client:
        answer = client.get(path, headers={"Host": host})
    assert (answer.status_code, answer.json()["error_type"]) == (421, "validation")
    assert answer.json()["error"] == (
        f"this server is not '{re.sub(':[0-9]+$', '', host)}'; it answers to 127.0.0.1, [::1], localhost "
        "(assay serve --allowed-host)"
    )


def test_refusal_of_names_is_described(shelf):
    """Where names are checked, the description has the 421; else not."""
    checked, open_ = (
        create_app(shelf, hosts=hosts).openapi()["paths"] for hosts in (["localhost"], None)
    )
    for path, operations in checked.items():
        for method, operation in operations.items():
            assert "421" in operation["responses"]
            assert "421" not in open_[path][method]["responses"]


@slow
def test_page_from_elsewhere_whose_name_points_here_is_refused(server):
    """On loopback only its own names are answered, the stock clients' ones with any port."""
    assert (
        server.ask("/predict", {"inputs": TEXT}, headers={"Host": f"localhost:{server.port}"})[0]
        == 200
    )
    status, _, content = server.ask(
        "/predict", {"inputs": TEXT}, headers={"Host": f"evil.example:{server.port}"}
    )
    assert (status, content["error_type"]) == (421, "validation")
    assert content["error"].startswith(
        "this server is not 'evil.example'; it answers to 127.0.0.1, [::1], localhost ("
    )


@slow
def test_name_that_a_proxy_passes_on_is_allowed(folders):
    """--allowed-host adds it."""
    with running(folders["linear"], args=["--allowed-host", "tweets.example"]) as server:
        for host, status in {"tweets.example": 200, "localhost": 200, "other.example": 421}.items():
            assert server.ask("/health", headers={"Host": host})[0] == status


@slow
def test_open_server_without_a_key_is_warned_of(folders):
    """Whoever may ask, and that training texts are shown, is said once, at the start; not where there is a key."""
    for method, env, warnings in [
        ("linear", None, 2),
        ("compact", None, 1),
        ("linear", {"ASSAY_API_KEY": "k"}, 0),
    ]:
        process = start_assay("serve", folders[method], "--port", "0", "--host", "0.0.0.0", env=env)
        lines = [process.stderr.readline() for _ in range(4 + warnings)]
        process.terminate()
        rest = process.communicate(timeout=60)[1]
        assert [line.startswith("warning: ") for line in lines] == [
            *[False] * 4,
            *[True] * warnings,
        ]
        assert "warning" not in rest
        assert max(map(len, lines)) <= 80
