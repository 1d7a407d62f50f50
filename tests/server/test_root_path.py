"""The server behind a prefix of a proxy, whether or not the proxy takes the prefix off."""

import pytest
from starlette.testclient import TestClient

from assay.errors import InputError
from assay.server.app import create_app
from assay.server.options import ServerOptions


@pytest.fixture(scope="module")
def client(shelf):
    """Ask a server under /nlp/v2."""
    with TestClient(create_app(shelf, root_path="/nlp/v2"), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("prefix", ["", "/nlp/v2"])
def test_every_route_answers_with_and_without_the_prefix(client, prefix):
    """Scores, page, parts of the page, numbers."""
    answer = client.post(f"{prefix}/predict", json={"inputs": "happy"})
    assert (answer.status_code, len(answer.json())) == (200, 3)
    for path in ("/", "/docs", "/static/page.css", "/info", "/health", "/metrics"):
        assert client.get(prefix + path).status_code == 200, path
    assert 'href="static/page.css"' in client.get(f"{prefix}/").text


def test_prefix_without_its_slash_leads_to_the_page(client):
    """Otherwise the browser would look for the parts of the page in the folder above."""
    answer = client.get("/nlp/v2")
    assert (answer.status_code, answer.headers["location"]) == (308, "/nlp/v2/")


@pytest.mark.parametrize("path", ["/nlp", "/nlp/v20/info", "/nlp/v2nfo", "/other/info"])
def test_other_paths_are_no_prefix(client, path):
    """A name that only begins like it is another one."""
    assert client.get(path).status_code == 404


def test_description_names_the_prefix(client):
    """Clients that are made from it ask at the right address."""
    assert client.get("/openapi.json").json()["servers"] == [{"url": "/nlp/v2"}]


@pytest.mark.parametrize("path", ["nlp", "/nlp/", "/", "/a b", "//x", "/../x?"])
def test_prefix_has_a_form(path):
    """A slash before it, none after it."""
    with pytest.raises(InputError, match="root_path is"):
        ServerOptions(root_path=path)
