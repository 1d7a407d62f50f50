"""From asked texts to answers: through the queue, in time, for as long as somebody waits for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay._version import __version__
from assay.errors import did_you_mean
from assay.runtime.explain import Explanation, plan_explanation
from assay.runtime.predictor import NO_TEXTS
from assay.server.failures import ApiError, ClientGone
from assay.server.limits import Limits
from assay.server.metrics import Metrics
from assay.server.served_models import ModelShelf, ServedModel
from assay.server.queue import ComputeQueue, Job, Work
from assay.server.requests import AskedTexts

__all__ = ["LEANING", "SURE", "Caller", "Service", "rank_scores"]

SURE, LEANING = 0.9, 0.5  # scores are calibrated: right nine times of ten, and more often than not
UNWATCHED_S = 0.02  # most answers are there before it is worth asking whether the client is
STUCK_S = 60.0  # a pass that takes longer means that the model hangs


@dataclass(frozen=True)
class Caller:
    """Who waits for an answer.

    Parameters
    ----------
    wait_for_end : callable
        Returns when the client has gone.
    started_s : float
        When its request was whole, by the monotonic clock.
    """

    wait_for_end: Callable[[], Awaitable[None]]
    started_s: float = field(default_factory=time.monotonic)


class Service:
    """The models, the queue before them, and the limits of both.

    Parameters
    ----------
    shelf : ModelShelf
    limits : Limits
    """

    def __init__(self, shelf: ModelShelf, limits: Limits) -> None:
        self.shelf = shelf
        self.limits = limits
        self.metrics = Metrics(lambda: self.queue.n_waiting)
        shelf.on_reload = self.metrics.note_reload
        self.open()

    def open(self) -> None:
        """Begin to take texts: at first, and again after `close`."""
        self.is_stopping = False
        self.queue = ComputeQueue(
            max_texts=self.limits.max_queue_texts, on_pass=self.metrics.note_pass
        )

    def close(self) -> None:
        """Take no more texts, and wait until those that were taken are scored."""
        self.is_stopping = True
        self.queue.close()

    async def score(
        self, served: ServedModel, asked: AskedTexts, caller: Caller
    ) -> list[list[dict[str, Any]]]:
        """Return the labels of each text with their scores, highest first."""
        await self._check_tokens(served, asked, caller)
        rows = await self._do(served.scoring, asked.texts, caller)
        ranked = [rank_scores(row, served.model.labels, asked.top_k) for row in rows]
        self.metrics.note_labels(served.name, [scores[0]["label"] for scores in ranked])
        return ranked

    async def judge(
        self, served: ServedModel, asked: AskedTexts, caller: Caller
    ) -> list[dict[str, Any]]:
        """Return answers with what is to be thought of them."""
        self._check_label(served, asked.label)
        if asked.nearest and served.model.training_texts is None:
            raise ApiError(422, "validation", f"{NO_TEXTS} (assay train --keep-texts)")
        await self._check_tokens(served, asked, caller)
        found = await self._do(served.judging, asked.texts, caller)
        probs = np.array([row for row, _ in found])
        answers = served.model.decide(probs)
        judgements = [
            _judgement(served, row, scope, answer, asked.top_k)
            for (row, scope), answer in zip(found, answers, strict=True)
        ]
        if asked.explain:
            for judgement, text in zip(judgements, asked.texts, strict=True):
                explanation = await self._explain(served, text, caller)
                judgement["explanation"] = explanation.to_dict(asked.label)
        if asked.nearest:
            neighbours = await self._do(served.finding, asked.texts, caller)
            for judgement, nearest in zip(judgements, neighbours, strict=True):
                judgement["nearest"] = nearest[: asked.nearest]
        self.metrics.note_labels(served.name, [one["best_label"] for one in judgements])
        self.metrics.note_doubts(
            served.name,
            n_abstained=sum(one["abstained"] for one in judgements),
            n_out_of_scope=sum(one["in_scope"] is False for one in judgements),
        )
        return judgements

    async def explain(
        self, served: ServedModel, asked: AskedTexts, caller: Caller
    ) -> dict[str, Any]:
        """Return which words pushed the label."""
        self._check_label(served, asked.label)
        explanation = await self._explain(served, asked.texts[0], caller)
        self.metrics.note_labels(served.name, [explanation.predicted_label])
        return explanation.to_dict(asked.label)

    async def _explain(self, served: ServedModel, text: str, caller: Caller) -> Explanation:
        if served.model.linear is not None:
            exact: Explanation = (await self._do(served.explaining, [text], caller))[0]
            return exact
        plan = plan_explanation(served.model, text)
        return plan.finish(np.array(await self._do(served.scoring, plan.texts, caller)))

    def _check_label(self, served: ServedModel, label: str | None) -> None:
        labels = served.model.labels
        if label is not None and label not in labels:
            known = f"labels: {', '.join(labels)}.{did_you_mean(label, labels)}"
            raise ApiError(422, "validation", f"the model has no label '{label[:40]}'; {known}")

    async def _check_tokens(self, served: ServedModel, asked: AskedTexts, caller: Caller) -> None:
        """Refuse texts that the model would cut, where the client asked for that."""
        limit = served.model.cut_tokens
        if asked.truncate is not False or limit is None:
            return
        for i, n_tokens in enumerate(await self._do(served.counting, asked.texts, caller)):
            if n_tokens > limit:
                where = f"inputs[{i}]" if asked.is_batch else "the text"
                sentence = f"{where} has {n_tokens:,} tokens; up to {limit:,} are accepted, or truncate: true"
                raise ApiError(413, "tokenizer", sentence)

    async def _do(self, work: Work, texts: Sequence[str], caller: Caller) -> list[Any]:
        """Wait for the results of texts: until they are there, the time is over, or nobody waits any more."""
        job = self.queue.submit(work, texts)
        watches: list[asyncio.Task[None]] = []
        # Waiting for the future itself costs one turn of the event loop; asyncio.wait would cost
        # three.
        begin = job.loop.call_later(
            UNWATCHED_S, lambda: watches.append(job.loop.create_task(self._watch(job, caller)))
        )
        try:
            return await job.future
        except BaseException:
            self.queue.cancel(job)
            raise
        finally:
            begin.cancel()
            for watch in watches:
                watch.cancel()

    async def _watch(self, job: Job, caller: Caller) -> None:
        """Give up a job whose client has gone, or whose time is over."""
        left_s = max(self.limits.request_s - (time.monotonic() - caller.started_s), 0.0)
        sentence = f"there was no answer within {self.limits.request_s:g} s (assay serve --request-s); try again later"
        reason: Exception = ClientGone()
        try:
            async with asyncio.timeout(left_s):
                await caller.wait_for_end()
        except TimeoutError:
            reason = ApiError(504, "overloaded", sentence, headers={"Retry-After": "1"})
        if not job.future.done():
            job.future.set_exception(reason)

    def problem(self) -> str | None:
        """Say why no requests should be sent here; None: all is well."""
        if self.is_stopping:
            return "the server is stopping"
        if self.queue.busy_s > STUCK_S:
            return f"the model has worked on one pass for {self.queue.busy_s:.0f} s"
        return None

    def describe(self) -> dict[str, Any]:
        """Return what /info says."""
        first = self.shelf.find(None)
        labels = first.model.labels
        return {
            "model_id": first.name,
            "model_type": {
                "classifier": {
                    "id2label": {str(i): label for i, label in enumerate(labels)},
                    "label2id": {label: i for i, label in enumerate(labels)},
                }
            },
            "max_input_length": first.model.cut_tokens,
            "max_client_batch_size": self.limits.max_batch_texts,
            "max_concurrent_requests": self.limits.max_requests,
            "version": __version__,
            "confidence": {"sure": SURE, "leaning": LEANING},
            "models": [served.describe() for served in self.shelf.served],
            "limits": self.limits.to_dict(),
        }


def rank_scores(row: np.ndarray, labels: Sequence[str], top_k: int | None) -> list[dict[str, Any]]:
    """Return labels with their scores, highest first; ties in LabelSet order."""
    order = np.argsort(-row, kind="stable")[:top_k]
    return [
        {"label": labels[i], "score": score}
        for i, score in zip(order.tolist(), row[order].tolist(), strict=True)
    ]


def _judgement(
    served: ServedModel, row: np.ndarray, scope: float | None, answer: str | None, top_k: int | None
) -> dict[str, Any]:
    scores = rank_scores(row, served.model.labels, top_k)
    best, threshold = scores[0], served.model.scope_threshold
    return {
        "label": answer,
        "best_label": best["label"],
        "score": best["score"],
        "confidence": _confidence(best["score"], is_answered=answer is not None),
        "abstained": answer is None,
        "scope": scope,
        "in_scope": None if scope is None or threshold is None else scope >= threshold,
        "scores": scores,
    }


def _confidence(score: float, *, is_answered: bool) -> str:
    if not is_answered or score < LEANING:
        return "does not know"
    return "sure" if score >= SURE else "leaning"
