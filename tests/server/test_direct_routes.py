"""The shortcut past the router gives the answers that the router gives, headers included."""

import pytest
from starlette.testclient import TestClient

import assay.server.app
from assay.server import create_app

TEXT = "i am very happy this day"


class PlainRoutes:
    """The plain version: every request goes to the router."""

    def __init__(self, app, *, endpoints):
        self._app = app
        assert len(endpoints) == 4

    async def __call__(self, scope, receive, send):
        """Pass a request on."""
        await self._app(scope, receive, send)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/predict", {"inputs": TEXT}),
        ("/predict?model=compact", {"inputs": [TEXT, ""]}),
        ("/", {"inputs": TEXT}),
        ("/v1/classify", {"inputs": TEXT, "explain": True}),
        ("/explain", {"inputs": TEXT}),
        ("/predict", {"inputs": 3}),
        ("/predict?model=none", {"inputs": TEXT}),
    ],
)
def test_answers_are_those_of_the_router(shelf, monkeypatch, path, content):
    """Status, headers and body, also of errors."""
    with TestClient(create_app(shelf)) as client:
        direct = client.post(path, json=content)
    monkeypatch.setattr(assay.server.app, "DirectRoutes", PlainRoutes)
    with TestClient(create_app(shelf)) as client:
        plain = client.post(path, json=content)
    assert (direct.status_code, direct.headers) == (plain.status_code, plain.headers)
    assert direct.content == plain.content
