"""The endpoints: from a request to the service and back to JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from assay.server.direct_routes import JsonAnswer
from assay.server.failures import ApiError
from assay.server.json_body import JsonObject, read_json, refuse
from assay.server.limits import Limits
from assay.server.request_body import read_body
from assay.server.requests import (
    AskedTexts,
    read_classify,
    read_explain,
    read_hub,
    read_predict,
)
from assay.server.served_models import ServedModel
from assay.server.service import Caller, Service

__all__ = ["classify", "explain", "health", "hub", "info", "live", "metrics", "predict"]

Reader = Callable[[JsonObject, Limits], AskedTexts]


@dataclass(frozen=True)
class Question:
    """A request that was read: which model, what is asked of it, and who waits."""

    service: Service
    served: ServedModel
    asked: AskedTexts
    caller: Caller


async def read_question(request: Request, reader: Reader) -> Question:
    """Read a request for scores.

    Raises
    ------
    ApiError
        It is not as the route accepts it.
    """
    service = service_of(request)
    has_query = bool(request.scope["query_string"])
    name = request.query_params.get("model") if has_query else None
    served = service.shelf.find(name)
    with service.places.reading():
        body = await read_body(request, service.limits)
    content = read_json(body, max_parts=service.limits.max_json_parts)
    asked = reader(content, service.limits)
    if asked.model is not None:
        if name is not None and name != asked.model:
            refuse("the query and the body name different models; one of the two is accepted")
        served = service.shelf.find(asked.model)

    async def wait_for_end() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    return Question(service, served, asked, Caller(wait_for_end))


def service_of(request: Request) -> Service:
    """Return the service of the application."""
    service: Service = request.app.state.service
    return service


async def predict(request: Request) -> Response:
    """Score texts; the answer is that of text-embeddings-inference.

    A list of labels with scores, or for a batch a list of such lists.
    """
    question = await read_question(request, read_predict)
    ranked = await question.service.score(question.served, question.asked, question.caller)
    return JsonAnswer(ranked if question.asked.is_batch else ranked[0])


async def hub(request: Request) -> Response:
    """Score texts; the answer is that of the Hub's inference API.

    A list of lists, even for one text.
    """
    question = await read_question(request, read_hub)
    return JsonAnswer(
        await question.service.score(question.served, question.asked, question.caller)
    )


async def classify(request: Request) -> Response:
    """Answer with all that is known about each text.

    The label or null, all scores, whether the text is in scope, and on request the words behind the
    label and the nearest training texts.
    """
    question = await read_question(request, read_classify)
    judgements = await question.service.judge(question.served, question.asked, question.caller)
    return JsonAnswer(judgements if question.asked.is_batch else judgements[0])


async def explain(request: Request) -> Response:
    """Say which words of a text pushed a label."""
    question = await read_question(request, read_explain)
    return JsonAnswer(
        await question.service.explain(question.served, question.asked, question.caller)
    )


async def health(request: Request) -> Response:
    """Say whether requests should be sent here."""
    problem = service_of(request).problem()
    if problem is not None:
        raise ApiError(503, "unhealthy", problem)
    return JsonAnswer({"status": "ready"})


async def live(request: Request) -> Response:
    """Say that the process answers."""
    return JsonAnswer({"status": "alive"})


async def info(request: Request) -> Response:
    """Say what is served, and what is accepted."""
    return JsonAnswer(service_of(request).describe())


async def metrics(request: Request) -> Response:
    """Return counts and times in Prometheus form."""
    content, media_type = await service_of(request).render_metrics()
    return Response(content, headers={"content-type": media_type})
