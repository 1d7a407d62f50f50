"""The queue before the one compute thread: whatever waits is scored together, up to a budget.

There is no timer. A request that finds the thread idle is scored at once, alone; the requests that
come meanwhile form the next pass. Each pass takes texts from the waiting requests in turn, so that
a batch of hundreds does not hold up a single text. (Within a pass the runtime sorts the texts by
length, see `bucket_batches`.)
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from assay.server.failures import ApiError
from assay.server.logs import describe_exception

__all__ = ["ComputeQueue", "Job", "Work"]

logger = logging.getLogger(__name__)

MAX_RETRY_S = 60
SMOOTHING = 0.2  # weight of the latest pass in the running mean of seconds per text


@dataclass(frozen=True, eq=False)
class Work:
    """Something that is done to texts, for several requests together.

    Parameters
    ----------
    run : callable
        Takes a list of texts, returns one result per text. Called on the compute thread.
    cost : callable
        Estimates the tokens of a text.
    budget : int
        Tokens per pass. A single text over the budget still gets a pass.
    """

    run: Callable[[list[str]], Sequence[Any]]
    cost: Callable[[str], int]
    budget: int


class Job:
    """The texts of one request and the future of their results. Made by `ComputeQueue.submit`."""

    def __init__(self, work: Work, texts: Sequence[str]) -> None:
        self.work = work
        self.texts = texts
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[list[Any]] = self.loop.create_future()
        self.results: list[Any] = [None] * len(texts)
        self.n_taken = 0  # texts that are in a pass already
        self.n_unfinished = len(texts)
        self.is_cancelled = False

    @property
    def has_more(self) -> bool:
        """Whether texts wait that somebody still wants scored."""
        return not self.is_cancelled and self.n_taken < len(self.texts)

    def take_results(self, found: Sequence[tuple[int, Any]]) -> None:
        """Take the results of some texts, given as (position, result). Called on the event loop."""
        for i, result in found:
            self.results[i] = result
        self.n_unfinished -= len(found)
        if self.n_unfinished or self.future.done():
            return
        for result in self.results:
            if isinstance(result, ApiError):
                self.future.set_exception(result)
                return
        self.future.set_result(self.results)


Pass = list[tuple[Job, int]]  # texts that are scored together: job, position of the text in it
Delivery = dict[Job, list[tuple[int, Any]]]  # results by job: position of the text, result


class ComputeQueue:
    """Texts that wait for the compute thread. The thread starts with the first of them.

    Parameters
    ----------
    max_texts : int
        How many texts may wait.
    on_pass : callable, optional
        Called after each pass with its texts and seconds, on the compute thread.
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
        # The kinds of work take turns; a dict keeps the order in which they get theirs.
        self._waiting: dict[Work, deque[Job]] = {}
        self._n_waiting = 0
        self._seconds_per_text = 0.0
        self._busy_since: float | None = None
        self._is_closed = False
        self._thread: threading.Thread | None = None

    @property
    def n_waiting(self) -> int:
        """How many texts wait."""
        return self._n_waiting

    @property
    def busy_s(self) -> float:
        """Seconds that the current pass has taken so far; 0 if there is none."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def submit(self, work: Work, texts: Sequence[str]) -> Job:
        """Put the texts of a request into the queue. Called on the event loop.

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
            # An idle queue takes any request that passed the other limits: otherwise a large one
            # could never be answered.
            if self._n_waiting and self._n_waiting + len(texts) > self._max_texts:
                raise self._make_full_error()
            self._n_waiting += len(texts)
            self._waiting.setdefault(work, deque()).append(job)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._compute, name="assay-compute", daemon=True
                )
                self._thread.start()
            self._condition.notify()
        return job

    def _make_full_error(self) -> ApiError:
        seconds = math.ceil(self._n_waiting * self._seconds_per_text)
        wait_s = min(max(seconds, 1), MAX_RETRY_S)
        sentence = (
            f"{self._n_waiting:,} texts wait already, and up to {self._max_texts:,} may: "
            f"try again in {wait_s} s"
        )
        return ApiError(429, "overloaded", sentence, headers={"Retry-After": str(wait_s)})

    def cancel(self, job: Job) -> None:
        """Free the places of texts that nobody wants scored any more."""
        with self._condition:
            if not job.is_cancelled:
                job.is_cancelled = True
                self._n_waiting -= len(job.texts) - job.n_taken
        job.future.cancel()

    def close(self) -> None:
        """Take nothing new, finish what waits, and end the thread."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    def _compute(self) -> None:
        """Run on the compute thread until the queue is closed and empty."""
        while True:
            with self._condition:
                while not (together := self._take_pass()) and not self._is_closed:
                    self._condition.wait()
            if not together:
                return
            self._busy_since = time.monotonic()
            _deliver(together, self._run(together))
            self._note_pass(len(together), time.monotonic() - self._busy_since)
            self._busy_since = None
            del together  # an idle thread keeps no texts alive

    def _take_pass(self) -> Pass:
        """Take the texts of the next pass; empty if nothing waits."""
        while self._waiting:
            work = next(iter(self._waiting))
            jobs = self._waiting.pop(work)
            together = self._take_in_turn(work, jobs)
            if jobs:
                self._waiting[work] = jobs  # behind the other kinds of work
            if together:
                return together
        return []

    def _take_in_turn(self, work: Work, jobs: deque[Job]) -> Pass:
        """Take one text of each job in turn until the budget is spent.

        With jobs of 3, 1 and 2 texts (A1 A2 A3, B1, C1 C2) and a budget of 4 texts, a pass holds
        A1, B1, C1 and A2; the next one begins with C2.
        """
        together: Pass = []
        spent = 0
        while jobs:
            job = jobs[0]
            if job.has_more:
                spent += work.cost(job.texts[job.n_taken])
                if together and spent > work.budget:
                    break
                together.append((job, job.n_taken))
                job.n_taken += 1
                self._n_waiting -= 1
            jobs.popleft()
            if job.has_more:
                jobs.append(job)
        return together

    def _run(self, together: Pass) -> list[Any]:
        """Return one result per text. If a pass fails, each text is tried alone.

        So only the requests with a text that cannot be scored fail: their result is an `ApiError`.
        """
        work = together[0][0].work
        texts = [job.texts[i] for job, i in together]
        try:
            results = list(work.run(texts))
            if len(results) == len(texts):
                return results
            raise ValueError(f"{len(results)} results")  # caught below: it has a place in the log
        except BaseException as err:  # also a panic of a Rust library: the thread has to go on
            if len(texts) == 1:
                logger.error("a text could not be scored", extra={"facts": describe_exception(err)})
                sentence = "the model could not score a text; the server's log says more"
                return [ApiError(500, "backend", sentence)]
        return [self._run([one])[0] for one in together]

    def _note_pass(self, n_texts: int, seconds: float) -> None:
        latest = seconds / n_texts
        weight = SMOOTHING if self._seconds_per_text else 1.0
        self._seconds_per_text += weight * (latest - self._seconds_per_text)
        self._on_pass(n_texts, seconds)


def _deliver(together: Pass, results: Sequence[Any]) -> None:
    """Hand the results to the event loop: one wake-up per pass, however many jobs it served."""
    by_loop: dict[asyncio.AbstractEventLoop, Delivery] = {}
    for (job, i), result in zip(together, results, strict=True):
        delivery = by_loop.setdefault(job.loop, {})
        delivery.setdefault(job, []).append((i, result))
    for loop, delivery in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits there
            loop.call_soon_threadsafe(_take_delivery, delivery)


def _take_delivery(delivery: Delivery) -> None:
    for job, found in delivery.items():
        job.take_results(found)
