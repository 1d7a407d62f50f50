"""The queue before the one compute thread: whatever waits goes together, up to a budget, and nothing waits for more.

There is no timer. A request that finds the thread idle is scored at once, alone; those that come
meanwhile form the next pass. Texts are taken from the waiting requests in turn, so that a batch of
hundreds does not hold up a lone text. Sorting by length, within a pass, is the runtime's:
`bucket_batches`.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from assay.server.failures import ApiError
from assay.server.logs import describe_exception

__all__ = ["ComputeQueue", "Job", "Work"]

logger = logging.getLogger(__name__)

MAX_RETRY_S = 60
SMOOTHING = 0.2  # weight of the latest pass in the running mean of seconds a text


@dataclass(frozen=True, eq=False)
class Work:
    """Something done to texts, several requests together.

    Parameters
    ----------
    run : callable
        Texts -> one result a text. Called on the compute thread.
    cost : callable
        Text -> tokens, roughly.
    budget : int
        Tokens a pass; a single longer text still makes a pass of its own.
    """

    run: Callable[[list[str]], Sequence[Any]]
    cost: Callable[[str], int]
    budget: int


class Job:
    """The texts of one request, and the future of their results. Made by `ComputeQueue.submit`."""

    def __init__(self, work: Work, texts: Sequence[str]) -> None:
        self.work = work
        self.texts = texts
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[list[Any]] = self.loop.create_future()
        self.results: list[Any] = [None] * len(texts)
        self.n_taken = 0
        self.n_left = len(texts)
        self.is_cancelled = False

    def take_results(self, found: Sequence[tuple[int, Any]]) -> None:
        """Take results of some texts; called on the event loop."""
        for i, result in found:
            self.results[i] = result
        self.n_left -= len(found)
        if self.n_left or self.future.done():
            return
        failed = next((result for result in self.results if isinstance(result, ApiError)), None)
        if failed is None:
            self.future.set_result(self.results)
        else:
            self.future.set_exception(failed)


Portion = list[tuple[Job, int]]


class ComputeQueue:
    """Texts that wait for the compute thread, which starts with the first of them.

    Parameters
    ----------
    max_texts : int
        That may wait.
    on_pass : callable, optional
        Told texts and seconds of each pass, on the compute thread.
    """

    def __init__(
        self,
        *,
        max_texts: int,
        on_pass: Callable[[int, float], None] = lambda n_texts, seconds: None,
    ) -> None:
        self._max_texts = max_texts
        self._on_pass = on_pass
        self._condition = threading.Condition()
        self._waiting: dict[
            Work, deque[Job]
        ] = {}  # in the order in which each kind of work gets its turn
        self._n_waiting = 0
        self._seconds_a_text = 0.0
        self._busy_since: float | None = None
        self._is_closed = False
        self._thread: threading.Thread | None = None

    @property
    def n_waiting(self) -> int:
        """Texts that wait."""
        return self._n_waiting

    @property
    def busy_s(self) -> float:
        """Seconds that the pass in work has taken so far; 0 where there is none."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def submit(self, work: Work, texts: Sequence[str]) -> Job:
        """Put the texts of a request in the queue; called on the event loop.

        Raises
        ------
        ApiError
            429: too many texts wait. 503: the queue is closed.
        """
        job = Job(work, texts)
        if not texts:
            job.future.set_result([])
            return job
        with self._condition:
            if self._is_closed:
                raise ApiError(503, "unhealthy", "the server is stopping: it takes no more texts")
            # An idle queue takes any request that the other limits let pass, else that one could
            # never be answered.
            if self._n_waiting and self._n_waiting + len(texts) > self._max_texts:
                raise self._is_full()
            self._n_waiting += len(texts)
            self._waiting.setdefault(work, deque()).append(job)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="assay-compute", daemon=True
                )
                self._thread.start()
            self._condition.notify()
        return job

    def _is_full(self) -> ApiError:
        wait_s = min(max(math.ceil(self._n_waiting * self._seconds_a_text), 1), MAX_RETRY_S)
        return ApiError(
            429,
            "overloaded",
            f"{self._n_waiting:,} texts wait already, and up to {self._max_texts:,} may: try again in {wait_s} s",
            headers={"Retry-After": str(wait_s)},
        )

    def cancel(self, job: Job) -> None:
        """Free the places of texts that nobody wants scored any more."""
        with self._condition:
            if not job.is_cancelled:
                job.is_cancelled = True
                self._n_waiting -= len(job.texts) - job.n_taken
        job.future.cancel()

    def close(self) -> None:
        """Finish what waits, take nothing new, and end the thread."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not (portion := self._take()) and not self._is_closed:
                    self._condition.wait()
            if not portion:
                return
            self._busy_since = time.monotonic()
            self._hand_out(portion, self._run(portion))
            self._note(len(portion), time.monotonic() - self._busy_since)
            self._busy_since = None
            del portion

    def _take(self) -> Portion:
        """Take a pass: a text of each waiting request in turn, until the budget is spent."""
        while self._waiting:
            work, jobs = next(iter(self._waiting.items()))
            portion: Portion = []
            spent = 0
            while jobs:
                job = jobs[0]
                if not job.is_cancelled:
                    spent += work.cost(job.texts[job.n_taken])
                    if portion and spent > work.budget:
                        break
                    portion.append((job, job.n_taken))
                    job.n_taken += 1
                    self._n_waiting -= 1
                jobs.popleft()
                if not job.is_cancelled and job.n_taken < len(job.texts):
                    jobs.append(job)
            del self._waiting[work]
            if jobs:
                self._waiting[work] = jobs  # behind the other kinds of work
            if portion:
                return portion
        return []

    def _run(self, portion: Portion) -> list[Any]:
        """Return a result a text; where a pass fails, each text is tried alone, so that only the culprits fail."""
        work = portion[0][0].work
        texts = [job.texts[i] for job, i in portion]
        try:
            return list(work.run(texts))
        except Exception as err:  # whatever a model may raise: the thread has to go on
            if len(texts) == 1:
                logger.error("a text could not be scored", extra={"facts": describe_exception(err)})
                return [
                    ApiError(
                        500,
                        "backend",
                        "the model could not score a text; the server's log says more",
                    )
                ]
        return [self._run([one])[0] for one in portion]

    def _hand_out(self, portion: Portion, results: Sequence[Any]) -> None:
        by_job: dict[Job, list[tuple[int, Any]]] = {}
        for (job, i), result in zip(portion, results, strict=True):
            by_job.setdefault(job, []).append((i, result))
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job, list[tuple[int, Any]]]]] = {}
        for job, found in by_job.items():
            by_loop.setdefault(job.loop, []).append((job, found))
        for loop, found_by_job in by_loop.items():
            if not loop.is_closed():  # one wake-up a pass, however many requests it answers
                loop.call_soon_threadsafe(_deliver, found_by_job)

    def _note(self, n_texts: int, seconds: float) -> None:
        a_text = seconds / n_texts
        self._seconds_a_text += (SMOOTHING if self._seconds_a_text else 1.0) * (
            a_text - self._seconds_a_text
        )
        self._on_pass(n_texts, seconds)


def _deliver(found_by_job: list[tuple[Job, list[tuple[int, Any]]]]) -> None:
    for job, found in found_by_job:
        job.take_results(found)
