"""From asked texts to answers: through the queue, in time, for as long as the client waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from assay._version import __version__
from assay.data.labels import list_labels
from assay.errors import did_you_mean
from assay.runtime.explain import Explanation, ExplanationEntry, plan_explanation
from assay.runtime.limits.confidence import LEANING, SURE
from assay.runtime.predictor import NO_TEXTS, Model
from assay.server.failures import ApiError, ClientGone
from assay.server.judgement import Judgement, LabelScore, is_readable, judge_text, rank_scores
from assay.server.limits import Limits
from assay.server.metrics import Metrics, render_snapshot
from assay.server.places import Places
from assay.server.queue import ComputeQueue, Job, Work
from assay.server.requests import AskedTexts
from assay.server.served_models import ServedModel
from assay.server.shared_metrics import Snapshot
from assay.server.shelf import ModelShelf

__all__ = ["Caller", "Service"]

# Most answers are ready before it is worth a task to find out whether the client is still there.
UNWATCHED_S = 0.02
STUCK_S = 60.0  # a pass that takes longer than this means that the model hangs
SHOWN_CHARS = 40  # of a label that does not exist


@dataclass(frozen=True)
class Caller:
    """The client that waits for an answer.

    Parameters
    ----------
    wait_for_end : callable
        Returns when the client has gone.
    started_s : float
        When its request was complete, by the monotonic clock.
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
        self.places = Places(limits.max_requests)
        self.metrics = Metrics(lambda: self.queue.n_waiting)
        self.ask_workers: Callable[[], Awaitable[Snapshot]] | None = None
        shelf.on_reload = self.metrics.note_reload
        self.open()

    def open(self) -> None:
        """Begin to take texts: at the start, and again after `close`."""
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
    ) -> list[list[LabelScore]]:
        """Return the labels of each text with their scores, highest first."""
        self._check_function(served, asked.function)
        await self._check_tokens(served, asked, caller)
        rows = await self._run(served.scoring, asked.texts, caller)
        ranked = [rank_scores(row, served.model.labels, asked.top_k) for row in rows]
        given = _given_labels(served.model, rows)
        self.metrics.note_labels(served.name, given, n_texts=len(ranked))
        return ranked

    async def judge(
        self, served: ServedModel, asked: AskedTexts, caller: Caller
    ) -> list[Judgement]:
        """Return an answer for each text, and how far it can be relied on."""
        self._check_label(served, asked.label)
        if asked.nearest and served.model.training_texts is None:
            raise ApiError(422, "validation", f"{NO_TEXTS} (assay train --keep-texts)")
        await self._check_tokens(served, asked, caller)
        found = await self._run(served.judging, asked.texts, caller)
        answers = served.model.decide(np.array([probs for probs, _ in found]))
        judgements = []
        for text, (probs, scope), answer in zip(asked.texts, found, answers, strict=True):
            judgement = judge_text(
                served.model,
                probs,
                scope=scope,
                answer=answer,
                top_k=asked.top_k,
                is_readable=is_readable(text, served.model),
            )
            judgements.append(judgement)
        if asked.explain:
            for judgement, text in zip(judgements, asked.texts, strict=True):
                explanation = await self._explain(served, text, caller)
                judgement["explanation"] = explanation.to_dict(asked.label)
        if asked.nearest:
            neighbours = await self._run(served.finding, asked.texts, caller)
            for judgement, nearest in zip(judgements, neighbours, strict=True):
                judgement["nearest"] = nearest[: asked.nearest]
        self._count_judgements(served, judgements)
        return judgements

    def _count_judgements(self, served: ServedModel, judgements: Sequence[Judgement]) -> None:
        given: list[str] = []
        for one in judgements:
            given += one.get("labels", [one["label"] or one["best_label"]])
        self.metrics.note_labels(served.name, given, n_texts=len(judgements))
        self.metrics.note_caveats(
            served.name,
            n_abstained=sum(one["abstained"] for one in judgements),
            n_out_of_scope=sum(one["in_scope"] is False for one in judgements),
        )

    async def explain(
        self, served: ServedModel, asked: AskedTexts, caller: Caller
    ) -> ExplanationEntry:
        """Return which words pushed the label."""
        self._check_label(served, asked.label)
        explanation = await self._explain(served, asked.texts[0], caller)
        given = _given_labels(served.model, [explanation.probs])
        self.metrics.note_labels(served.name, given, n_texts=1)
        return explanation.to_dict(asked.label)

    async def _explain(self, served: ServedModel, text: str, caller: Caller) -> Explanation:
        if served.model.linear is not None:
            exact: Explanation = (await self._run(served.explaining, [text], caller))[0]
            return exact
        plan = plan_explanation(served.model, text)
        return plan.finish(np.array(await self._run(served.scoring, plan.texts, caller)))

    def _check_label(self, served: ServedModel, label: str | None) -> None:
        labels = served.model.labels
        if label is not None and label not in labels:
            short = label[:SHOWN_CHARS]
            known = f"labels: {list_labels(labels)}.{did_you_mean(short, labels)}"
            raise ApiError(422, "validation", f"the model has no label '{short}'; {known}")

    def _check_function(self, served: ServedModel, function: str | None) -> None:
        own = served.model.answering.activation
        if function not in (None, own):
            sentence = f"function_to_apply is '{function}'; {own} is accepted by this model"
            raise ApiError(422, "validation", f"{sentence}: scores are calibrated probabilities")

    async def _check_tokens(self, served: ServedModel, asked: AskedTexts, caller: Caller) -> None:
        """Refuse texts that the model would cut, if the client asked for that."""
        limit = served.model.cut_tokens
        if asked.truncate is not False or limit is None:
            return
        for i, n_tokens in enumerate(await self._run(served.counting, asked.texts, caller)):
            if n_tokens > limit:
                where = f"inputs[{i}]" if asked.is_batch else "the text"
                sentence = (
                    f"{where} has {n_tokens:,} tokens; "
                    f"up to {limit:,} are accepted, or truncate: true"
                )
                raise ApiError(413, "tokenizer", sentence)

    async def _run(self, work: Work, texts: Sequence[str], caller: Caller) -> list[Any]:
        """Return one result per text, unless time runs out or the client leaves.

        Waiting for the future itself costs one turn of the event loop, and a watch is only begun
        after `UNWATCHED_S`. The plain version, `asyncio.wait` for the future and for the client at
        once, costs three turns in every request.
        """
        job = self.queue.submit(work, texts)
        watches: list[asyncio.Task[None]] = []

        def begin_watch() -> None:
            watches.append(job.loop.create_task(self._watch(job, caller)))

        begin = job.loop.call_later(UNWATCHED_S, begin_watch)
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
        """Give up a job when its client has gone, or when its time is over."""
        spent_s = time.monotonic() - caller.started_s
        left_s = max(self.limits.request_s - spent_s, 0.0)
        reason: Exception = ClientGone()
        try:
            async with asyncio.timeout(left_s):
                await caller.wait_for_end()
        except TimeoutError:
            sentence = (
                f"there was no answer within {self.limits.request_s:g} s "
                "(assay serve --request-s); try again later"
            )
            reason = ApiError(504, "overloaded", sentence, headers={"Retry-After": "1"})
        if not job.future.done():
            job.future.set_exception(reason)

    async def render_metrics(self) -> tuple[bytes, str]:
        """Return what /metrics sends, and its content type: of all workers, if there are several.

        Raises
        ------
        ApiError
            503: the other workers do not answer.
        """
        if self.ask_workers is None:
            return self.metrics.render()
        return render_snapshot(await self.ask_workers())

    def problem(self) -> str | None:
        """Return why no requests should be sent here; None: all is well."""
        if self.is_stopping:
            return "the server is stopping"
        if self.queue.busy_s > STUCK_S:
            return f"the model has worked on one pass for {self.queue.busy_s:.0f} s"
        return None

    def describe(self) -> dict[str, Any]:
        """Return what /info says: the names of text-embeddings-inference first, then assay's."""
        first = self.shelf.find(None)
        id2label = {str(i): label for i, label in enumerate(first.model.labels)}
        label2id = {label: i for i, label in enumerate(first.model.labels)}
        return {
            "model_id": first.name,
            "model_type": {"classifier": {"id2label": id2label, "label2id": label2id}},
            "max_input_length": first.model.cut_tokens,
            "max_client_batch_size": self.limits.max_batch_texts,
            "max_concurrent_requests": self.limits.max_requests,
            "version": __version__,
            "confidence": {"sure": SURE, "leaning": LEANING},
            "models": [served.describe() for served in self.shelf.served],
            "limits": self.limits.to_dict(),
        }


def _given_labels(model: Model, rows: Sequence[np.ndarray]) -> list[str]:
    """Return all labels that are given to texts with these scores, one after the other."""
    if not len(rows):
        return []
    names = model.answering.name(np.array(rows))
    if model.label_set.task == "single":
        return names
    return list(chain.from_iterable(names))
