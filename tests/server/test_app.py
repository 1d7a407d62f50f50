"""The application in this process: every route answers as documented, and refuses with a sentence.

These are also the tests of api, docs_page, meter, metrics, request_body, routes, schemas and service.
"""

import json
import logging
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

import assay
from _support.server_runs import ATTACK
from _support.small_models import EDGE_TEXTS
from assay.runtime import load_model
from assay.runtime.explain import explain_text
from assay.runtime.limits.confidence import word_none
from assay.server import Limits, create_app
from assay.server.queue import Work
from assay.server.served_models import ServedModel
from assay.server.shelf import ModelShelf

TEXT = "i am very happy this day"
LABEL = '화남, "분노"'


@pytest.fixture(scope="module")
def linear(folders):
    """Load the first model as users of Python do."""
    return load_model(folders["linear"])


def scores_of(model, text):
    """Return what `/predict` has to say, from the runtime."""
    row = model.predict_proba([text])[0]
    return [{"label": model.labels[i], "score": row[i]} for i in np.argsort(-row, kind="stable")]


def assert_scores(found, expected):
    """Hold the same labels in the same order, with the same scores."""
    assert [one["label"] for one in found] == [one["label"] for one in expected]
    np.testing.assert_allclose(
        [one["score"] for one in found], [one["score"] for one in expected], atol=1e-6
    )


def error_of(answer):
    """Return status and type of a failure, and its sentence."""
    content = answer.json()
    assert set(content) == {"error", "error_type"}
    return answer.status_code, content["error_type"], content["error"]


def test_predict_answers_as_text_embeddings_inference(client, linear):
    """One text: a list of labels; a batch in either shape: a list of those."""
    one = client.post("/predict", json={"inputs": TEXT}).json()
    assert_scores(one, scores_of(linear, TEXT))
    for inputs in (["i am sad", TEXT], [["i am sad"], [TEXT]]):
        batch = client.post(
            "/predict", json={"inputs": inputs, "truncate": True, "raw_scores": False}
        ).json()
        assert_scores(batch[0], scores_of(linear, "i am sad"))
        assert_scores(batch[1], one)


def test_hub_route_answers_lists_of_lists(client, linear):
    """[[...]] even for one text; top_k is one of the parameters."""
    (one,) = client.post("/", json={"inputs": TEXT}).json()
    assert_scores(one, scores_of(linear, TEXT))
    found = client.post("/", json={"inputs": [TEXT, "i am sad"], "parameters": {"top_k": 1}}).json()
    assert [[entry["label"] for entry in entries] for entries in found] == [["joy"], ["sadness"]]


def test_scores_are_sorted_and_sum_to_one(client):
    """Of any text, with every model."""
    for name in ("linear", "compact", "majority"):
        for scores in client.post(f"/predict?model={name}", json={"inputs": EDGE_TEXTS[:8]}).json():
            values = [one["score"] for one in scores]
            assert values == sorted(values, reverse=True)
            assert sum(values) == pytest.approx(1)


def test_model_is_chosen_by_name(client, folders):
    """?model= chooses; an unknown name is 404 with the names and what was meant."""
    compact = load_model(folders["compact"])
    assert_scores(
        client.post("/predict?model=compact", json={"inputs": TEXT}).json(),
        scores_of(compact, TEXT),
    )
    status, kind, sentence = error_of(client.post("/predict?model=compat", json={"inputs": TEXT}))
    assert (status, kind) == (404, "validation")
    assert sentence.startswith(
        "there is no model 'compat'; models: linear, compact, majority. Did you mean 'compact'?"
    )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(st.text(max_size=300))
def test_any_text_is_scored_as_the_runtime_scores_it(client, linear, text):
    """What travels as JSON arrives as it was sent."""
    body = json.dumps({"inputs": text}).encode()
    assert_scores(client.post("/predict", content=body).json(), scores_of(linear, text))


def test_classify_tells_label_scores_confidence_and_words(client, linear):
    """Assay's own route: an answer, how sure, how familiar, and why."""
    found = client.post("/v1/classify", json={"inputs": TEXT, "explain": True}).json()
    assert (found["label"], found["best_label"], found["abstained"]) == ("joy", "joy", False)
    assert found["confidence"] in ("sure", "leaning")
    assert_scores(found["scores"], scores_of(linear, TEXT))
    assert found["explanation"] == explain_text(linear, TEXT).to_dict()
    scope = linear.scope([TEXT])
    assert found["scope"] == (None if scope is None else pytest.approx(scope[0]))
    batch = client.post("/v1/classify", json={"inputs": [TEXT, "i am sad"], "top_k": 2}).json()
    assert [one["label"] for one in batch] == ["joy", "sadness"]
    assert [len(one["scores"]) for one in batch] == [2, 2]
    assert "explanation" not in batch[0]


@pytest.mark.parametrize("text", ["", " \t", "\u200b"])
def test_blank_text_is_scored_and_nothing_is_claimed_about_it(client, linear, text):
    """The scores are those of nothing: assay's own route does not know, and calls it out of scope."""
    found = client.post("/v1/classify", json={"inputs": text}).json()
    assert found["confidence"] == "does not know"
    assert found["in_scope"] is (None if linear.scope_threshold is None else False)
    assert_scores(found["scores"], scores_of(linear, text))
    assert_scores(client.post("/predict", json={"inputs": text}).json(), scores_of(linear, text))


def test_nearest_training_texts_stand_beside_the_answer(client, linear):
    """So many as were asked for, as Python finds them; none where none were asked for, texts unchanged by the way."""
    found = client.post("/v1/classify", json={"inputs": [TEXT, ATTACK, "qqq"], "nearest": 2}).json()
    assert [one["nearest"] for one in found] == [
        [near.to_dict() for near in nearest]
        for nearest in linear.nearest([TEXT, ATTACK, "qqq"], n=2)
    ]
    assert [len(one["nearest"]) for one in found] == [2, 2, 0]
    assert found[1]["nearest"][0]["text"] == ATTACK
    assert "nearest" not in client.post("/v1/classify", json={"inputs": TEXT, "nearest": 0}).json()
    assert [model["kept_texts"] > 0 for model in client.get("/info").json()["models"]] == [
        True,
        False,
        False,
    ]


def test_model_without_training_texts_says_so(client):
    """422 in a sentence, and not an empty list that could mean that nothing is near."""
    answer = client.post("/v1/classify?model=compact", json={"inputs": TEXT, "nearest": 1})
    status, kind, sentence = error_of(answer)
    assert (status, kind) == (422, "validation")
    assert sentence == (
        "the model keeps no training texts, so there are no nearest ones to show (assay train --keep-texts)"
    )


@pytest.mark.parametrize("name", ["linear", "compact", "majority"])
def test_explain_has_the_words_of_the_command_line(client, folders, name):
    """The same words in the same order as `assay explain`, for the label asked."""
    model = load_model(folders[name])
    found = client.post(f"/explain?model={name}", json={"inputs": TEXT, "label": LABEL}).json()
    expected = explain_text(model, TEXT).to_dict(LABEL)
    assert [word["word"] for word in found["words"]] == [word["word"] for word in expected["words"]]
    pushes = [[word["contribution"] for word in one["words"]] for one in (found, expected)]
    np.testing.assert_allclose(*pushes, atol=1e-4)
    assert {key: found[key] for key in ("label", "predicted_label", "kind")} == {
        key: expected[key] for key in ("label", "predicted_label", "kind")
    }


def test_unknown_label_is_refused_with_the_labels(client):
    """422, the labels, and what was meant."""
    for path in ("/explain", "/v1/classify"):
        status, _, sentence = error_of(client.post(path, json={"inputs": TEXT, "label": "joi"}))
        assert status == 422
        assert "the model has no label 'joi'; labels: " in sentence
        assert sentence.endswith("Did you mean 'joy'?")


def test_several_labels_are_answered_and_counted(several_folder):
    """All labels above their thresholds are counted, a text without any counts as a text alone."""
    shelf = ModelShelf({"topics": several_folder}, trial=lambda folder: None)
    texts = ["joy fear day", "the day"]
    with TestClient(create_app(shelf)) as client:
        first, second = client.post("/v1/classify", json={"inputs": texts}).json()
        assert (sorted(first["labels"]), first["label"]) == (["fear", "joy"], first["labels"][0])
        assert (second["labels"], second["label"]) == ([], None)
        none = np.prod([1 - one["score"] for one in second["scores"]])
        assert second["confidence"] == word_none(none) != "does not know"
        assert "none" in second["confidence"]  # "sure" beside null would contradict it
        model = load_model(several_folder)
        for answer, row in zip((first, second), model.predict_proba(texts), strict=True):
            scores = {one["label"]: one["score"] for one in answer["scores"]}
            assert [scores[label] for label in model.labels] == pytest.approx(list(row), abs=1e-5)
        ranked = client.post("/predict", json={"inputs": texts}).json()
        assert ranked == [first["scores"], second["scores"]]
        assert client.post("/", json={"inputs": texts}).json() == ranked
        metrics = client.get("/metrics").text
        assert 'assay_texts_total{model="topics"} 6.0' in metrics
        for label in ("joy", "fear"):
            assert f'assay_labels_total{{label="{label}",model="topics"}} 3.0' in metrics
        assert 'label="rage"' not in metrics
        asked = {"inputs": texts, "nearest": 20}
        near, none = client.post("/v1/classify", json=asked).json()
        assert all({"joy", "fear"} <= {*one["labels"]} for one in near["nearest"][:5])
        assert all(one["label"] == one["labels"][0] for one in near["nearest"])
        nearest = none["nearest"][0]
        assert (nearest["label"], nearest["labels"]) == (None, [])
        explained = client.post("/explain", json={"inputs": texts[0], "label": "fear"}).json()
        strongest = max(explained["words"], key=lambda word: word["contribution"])
        assert (explained["label"], strongest["word"]) == ("fear", "fear")
        asked = {"inputs": texts, "parameters": {"function_to_apply": "sigmoid"}}
        assert client.post("/", json=asked).json() == ranked
        asked["parameters"]["function_to_apply"] = "softmax"
        refused = client.post("/", json=asked)
        assert refused.status_code == 422
        assert "function_to_apply is 'softmax'; sigmoid is accepted" in refused.json()["error"]


def test_truncate_false_refuses_what_the_model_would_cut(client, shelf):
    """A text over the model's tokens: cut as in training, or 413 where the client says so."""
    limit = shelf.find("compact").model.max_tokens
    long = "a b " * 249
    count = shelf.find("compact").model.count_tokens([long])[0]
    if count <= limit:
        pytest.fail(f"the text has {count} tokens, and the model reads {limit}: it proves nothing")
    assert client.post("/predict?model=compact", json={"inputs": long}).status_code == 200
    answer = client.post("/predict?model=compact", json={"inputs": ["a", long], "truncate": False})
    status, kind, sentence = error_of(answer)
    assert (status, kind) == (413, "tokenizer")
    assert (
        sentence
        == f"inputs[1] has {count:,} tokens; up to {limit:,} are accepted, or truncate: true"
    )
    assert (
        client.post("/predict?model=linear", json={"inputs": long, "truncate": False}).status_code
        == 200
    )


@pytest.mark.parametrize("path", ["/predict", "/", "/v1/classify", "/explain"])
def test_wrong_bodies_are_refused_in_one_shape(client, path):
    """No JSON, another shape, too many bytes: a sentence each, on every route."""
    assert error_of(client.post(path, content=b"{"))[:2] == (400, "validation")
    assert error_of(client.post(path, json={"inputs": 3}))[:2] == (422, "validation")
    status, kind, sentence = error_of(client.post(path, content=b" " * 20_001))
    assert (status, kind) == (413, "validation")
    assert (
        sentence
        == "bytes in the body: 20,001; up to 20,000 are accepted (assay serve --max-body-bytes)"
    )


def test_body_of_unknown_length_is_read_no_further_than_allowed(client):
    """A chunked body has no length to look at: it is cut off where the limit is passed."""
    sent = []

    def chunks():
        for _ in range(100):
            sent.append(1)
            yield b" " * 1000

    assert client.post("/predict", content=chunks()).status_code == 413


def test_unknown_paths_and_methods_are_said(client):
    """404 and 405 in the same shape as everything else."""
    assert error_of(client.get("/nope")) == (
        404,
        "validation",
        "there is nothing at this path; GET /docs lists what there is",
    )
    status, _, sentence = error_of(client.get("/predict"))
    assert (status, sentence) == (405, "GET is not accepted here; POST is")


def test_head_is_answered_like_get(client):
    """Load balancers ask so: the same status and headers, no body."""
    for path in ("/", "/health", "/docs"):
        answer = client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"] == client.get(path).headers["content-type"]


def test_health_info_and_metrics(client):
    """Ready, alive, what is served with its limits, and numbers that move."""
    assert client.get("/health").json() == {"status": "ready"}
    assert client.get("/health/live").json() == {"status": "alive"}
    info = client.get("/info").json()
    assert [model["name"] for model in info["models"]] == ["linear", "compact", "majority"]
    assert info["models"][0]["labels"] == ["joy", "sadness", LABEL]
    assert info["limits"]["max_batch_texts"] == info["max_client_batch_size"] == 8
    assert (info["model_id"], info["version"]) == ("linear", assay.__version__)
    client.post("/predict", json={"inputs": [TEXT, TEXT]})
    metrics = client.get("/metrics")
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    for line in (
        'assay_texts_total{model="linear"} 2.0',
        'assay_labels_total{label="joy",model="linear"} 2.0',
        'assay_requests_total{method="POST",route="/predict",status="200"} 1.0',
        'assay_request_seconds_count{route="/predict"} 1.0',
        "assay_queue_texts 0.0",
    ):
        assert line in metrics.text


def test_paths_of_strangers_make_no_series(client):
    """However many paths are asked: one series for all that do not exist."""
    for i in range(20):
        client.get(f"/nope{i}")
    lines = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("assay_requests_total")
    ]
    assert [line for line in lines if 'route="other"' in line] == [
        'assay_requests_total{method="GET",route="other",status="404"} 20.0'
    ]
    assert "nope" not in client.get("/metrics").text


def test_answers_carry_security_headers(client):
    """Pages fetch nothing from elsewhere and are framed by nobody; no answer is guessed at or kept by a cache."""
    for path in ("/", "/docs", "/static/page.js"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith(
            "default-src 'none'; script-src 'self'"
        )
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
    for path in ("/info", "/health", "/nope", "/metrics"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_ask_no_other_host(client, path):
    """The pages load everything from this server; they hold no script and no style of their own."""
    page = client.get(path).text
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)
    assert not re.search(r"<script(?! type=\"module\" src=)|<style|style=| on\w+=", page)
    for target in re.findall(r'(?:src|href)="([^"#]+)"', page):
        assert client.get(f"/{target.removeprefix('./')}").status_code == 200, target
    if path == "/docs":
        assert "POST /v1/classify" in page
        assert "never known" not in page


def test_static_file_is_not_sent_twice(client):
    """A browser that has it is told so."""
    first = client.get("/static/page.css")
    again = client.get("/static/page.css", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_other_sites_may_not_ask_unless_allowed(client, shelf):
    """No CORS header by default; for the allowed origin alone where there is one."""
    origin = {"Origin": "https://example.org"}
    assert (
        "access-control-allow-origin"
        not in client.post("/predict", json={"inputs": TEXT}, headers=origin).headers
    )
    with TestClient(create_app(shelf, cors_origins=["https://example.org"])) as open_client:
        answer = open_client.post("/predict", json={"inputs": TEXT}, headers=origin)
        assert answer.headers["access-control-allow-origin"] == "https://example.org"
        other = open_client.post(
            "/predict", json={"inputs": TEXT}, headers={"Origin": "https://example.com"}
        )
        assert "access-control-allow-origin" not in other.headers
        preflight = {**origin, "Access-Control-Request-Method": "POST"}
        assert open_client.options("/predict", headers=preflight).status_code == 200


def test_key_is_asked_for_everything_but_health_and_the_page(shelf):
    """401 in a sentence without it, with another one, and with another scheme; the page can ask for it."""
    with TestClient(create_app(shelf, api_key="s3cret")) as client:
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic s3cret"},
            {"Authorization": b"Bearer \xff"},
        ):
            for method, path in (
                ("POST", "/predict"),
                ("POST", "/"),
                ("GET", "/info"),
                ("GET", "/metrics"),
            ):
                answer = client.request(method, path, json={"inputs": TEXT}, headers=headers)
                assert error_of(answer)[0] == 401
                assert answer.headers["www-authenticate"] == "Bearer"
        for path in ("/health", "/health/live", "/", "/static/page.js", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200
        right = {"Authorization": "Bearer s3cret"}
        assert client.post("/predict", json={"inputs": TEXT}, headers=right).status_code == 200
        assert (
            client.get("/openapi.json").json()["components"]["securitySchemes"]["key"]["scheme"]
            == "bearer"
        )


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/predict", b'{"inputs": "a"}', {}, 401),
        ("POST", "/predict?model=none", b'{"inputs": "a"}', {"Authorization": "Bearer k"}, 404),
        ("DELETE", "/predict", b"", {"Authorization": "Bearer k"}, 405),
        ("POST", "/predict", b" " * 20_001, {"Authorization": "Bearer k"}, 413),
        ("POST", "/predict", b'{"inputs": "a"}', {"Host": "evil.example"}, 421),
        ("POST", "/predict", b'{"inputs": 3}', {"Authorization": "Bearer k"}, 422),
        ("POST", "/predict", b'{"inputs": "a"}', {"Authorization": "Bearer k"}, 500),
    ],
    ids=["key", "model", "method", "large", "host", "shape", "model-fails"],
)
def test_page_of_an_allowed_origin_can_read_every_error(shelf, method, path, body, headers, status):
    """Without the header the browser would only say that it failed to fetch."""
    served = BrokenShelf(shelf.find(None)) if status == 500 else shelf
    app = create_app(
        served,
        limits=Limits(max_body_bytes=20_000),
        api_key="k",
        cors_origins=["https://example.org"],
        hosts=["testserver"],
    )
    with TestClient(app) as client:
        for origin, allowed in [
            ("https://example.org", "https://example.org"),
            ("https://b", None),
        ]:
            answer = client.request(
                method, path, content=body, headers={"Origin": origin, **headers}
            )
            assert answer.status_code == status
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/predict", "/", "/v1/classify", "/explain"])
def test_model_in_the_body_is_asked(client, path):
    """As in the query; an unknown one is 404, and two different ones are refused."""
    inside = client.post(path, json={"inputs": TEXT, "model": "compact"})
    outside = client.post(f"{path}?model=compact", json={"inputs": TEXT})
    assert inside.status_code == 200
    assert inside.content == outside.content
    assert inside.content != client.post(path, json={"inputs": TEXT}).content
    unknown = client.post(path, json={"inputs": TEXT, "model": "b"})
    assert error_of(unknown)[:2] == (404, "validation")
    both = client.post(f"{path}?model=linear", json={"inputs": TEXT, "model": "compact"})
    assert error_of(both) == (
        422,
        "validation",
        "the query and the body name different models; one of the two is accepted",
    )


class BrokenShelf:
    """A shelf whose model fails on every text."""

    def __init__(self, served):
        work = Work(self._fail, cost=len, budget=100)
        self.served = [replace(served, scoring=work)]

    def _fail(self, texts):
        raise RuntimeError(f"secret {texts}")

    def find(self, name):
        """Return the broken model."""
        return self.served[0]


def test_mistake_of_ours_reveals_nothing(shelf, caplog):
    """500 without the exception's message; the log has its kind, and no text."""
    with (
        TestClient(create_app(BrokenShelf(shelf.find(None)))) as client,
        caplog.at_level(logging.INFO, "assay"),
    ):
        status, kind, sentence = error_of(client.post("/predict", json={"inputs": "my diary"}))
    assert (status, kind) == (500, "backend")
    assert "secret" not in sentence
    assert "RuntimeError" in str([record.__dict__ for record in caplog.records])
    assert not re.search("secret|diary", str([record.__dict__ for record in caplog.records]))


def test_log_has_no_text_no_query_and_no_path_of_strangers(client, caplog):
    """A request is its route, status and time."""
    with caplog.at_level(logging.INFO, "assay"):
        client.post("/predict?model=linear&q=diary", json={"inputs": "my diary"})
        client.get("/diary")
    requests = [record.facts for record in caplog.records if record.getMessage() == "request"]
    assert [(one["route"], one["status"]) for one in requests] == [
        ("/predict", 200),
        ("other", 404),
    ]
    assert "diary" not in str([record.__dict__ for record in caplog.records])


def test_server_that_stops_takes_nothing_new(client):
    """503 for new texts, and /health says so; /health/live still says alive."""
    client.app.state.service.is_stopping = True
    assert error_of(client.post("/predict", json={"inputs": TEXT}))[:2] == (503, "unhealthy")
    assert error_of(client.get("/health")) == (503, "unhealthy", "the server is stopping")
    assert client.get("/health/live").status_code == 200
    client.app.state.service.is_stopping = False


def test_answer_that_takes_too_long_is_504(shelf, monkeypatch):
    """The time is over: 504, Retry-After, and the place in the queue is free again."""
    import threading

    may_go = threading.Event()
    slow = BrokenShelf(shelf.find(None))
    monkeypatch.setattr(slow, "_fail", None)
    work = Work(
        lambda texts: [np.array([1.0, 0, 0]) for _ in texts if may_go.wait(30)], cost=len, budget=1
    )
    slow.served = [replace(shelf.find(None), scoring=work)]
    app = create_app(slow, limits=Limits(request_s=0.1))
    with TestClient(app) as client:
        answer = client.post("/predict", json={"inputs": ["a", "b", "c"]})
        assert error_of(answer)[:2] == (504, "overloaded")
        assert answer.headers["retry-after"] == "1"
        assert app.state.service.queue.n_waiting == 0
        may_go.set()


def test_served_model_keeps_its_own_name(folders):
    """/info says which model, how large a pass, and its recorded scores."""
    described = ServedModel.load("mine", folders["linear"]).describe()
    assert described["name"] == "mine"
    assert described["pass_tokens"] >= 1
    assert described["method"] == "linear"
