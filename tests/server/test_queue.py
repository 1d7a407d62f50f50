"""The queue: nothing waits for a timer, what waits goes together, nobody is held up, nothing is lost."""

import asyncio
import logging
import threading
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.server.failures import ApiError
from assay.server.queue import ComputeQueue, Work


class Recorder:
    """Work that notes the texts of each pass, and can be held up."""

    def __init__(self, *, budget=1000):
        self.passes = []
        self.watcher = lambda texts: None
        self.may_go = threading.Event()
        self.may_go.set()
        self.is_in_pass = threading.Event()
        self.work = Work(self.run, cost=len, budget=budget)

    def run(self, texts):
        """Return the texts in capitals."""
        self.is_in_pass.set()
        assert self.may_go.wait(30)
        if "bad" in texts:
            raise ValueError("a secret text")
        self.passes.append(list(texts))
        self.watcher(list(texts))
        return [text.upper() for text in texts]

    async def hold(self, queue):
        """Occupy the thread with one text; return its job."""
        self.may_go.clear()
        self.is_in_pass.clear()
        job = queue.submit(self.work, ["x"])
        await asyncio.to_thread(self.is_in_pass.wait, 30)
        return job


def in_loop(test):
    """Run an asynchronous test with a queue and a recorder."""

    def run():
        async def main():
            recorder = Recorder(budget=6)
            queue = ComputeQueue(max_texts=10)
            try:
                await asyncio.wait_for(test(queue, recorder), 60)
            finally:
                recorder.may_go.set()
                await asyncio.to_thread(queue.close)

        asyncio.run(main())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@in_loop
async def test_lone_request_is_scored_at_once_and_alone(queue, recorder):
    """An idle thread takes what comes; there is nothing to wait for."""
    assert await queue.submit(recorder.work, ["a"]).future == ["A"]
    assert await queue.submit(recorder.work, ["b", "c"]).future == ["B", "C"]
    assert recorder.passes == [["a"], ["b", "c"]]


@in_loop
async def test_what_waits_goes_together_up_to_the_budget(queue, recorder):
    """While a pass is in work the others gather; then they go together, as many as the budget allows."""
    jobs = [await recorder.hold(queue)]
    jobs += [queue.submit(recorder.work, [text]) for text in ("aa", "bb", "cc", "dd")]
    assert queue.n_waiting == 4
    recorder.may_go.set()
    assert [await job.future for job in jobs] == [["X"], ["AA"], ["BB"], ["CC"], ["DD"]]
    assert recorder.passes == [["x"], ["aa", "bb", "cc"], ["dd"]]


@in_loop
async def test_text_over_the_budget_has_a_pass_of_its_own(queue, recorder):
    """A long text is neither refused nor does it take others along."""
    first = await recorder.hold(queue)
    jobs = [queue.submit(recorder.work, [text]) for text in ("a", "b" * 50, "c")]
    recorder.may_go.set()
    await asyncio.gather(first.future, *(job.future for job in jobs))
    assert recorder.passes == [["x"], ["a"], ["b" * 50], ["c"]]


@in_loop
async def test_lone_text_passes_a_large_batch(queue, recorder):
    """Texts are taken from the waiting requests in turn: whoever asks for one has it in the next pass."""
    await recorder.hold(queue)
    batch = queue.submit(recorder.work, [f"b{i}" for i in range(6)])
    lone = queue.submit(recorder.work, ["no"])
    recorder.may_go.set()
    assert await lone.future == ["NO"]
    assert await batch.future == [f"B{i}" for i in range(6)]
    assert recorder.passes[1:] == [["b0", "no", "b1"], ["b2", "b3", "b4"], ["b5"]]


@in_loop
async def test_kinds_of_work_take_turns(queue, recorder):
    """Two models: neither waits for all of the other's texts, and their texts never mix."""
    other, shared = Recorder(budget=4), []
    recorder.watcher = other.watcher = shared.append
    await recorder.hold(queue)
    jobs = [queue.submit(recorder.work, ["aaaaaa"] * 2), queue.submit(other.work, ["zz"] * 3)]
    recorder.may_go.set()
    await asyncio.gather(*(job.future for job in jobs))
    assert recorder.passes == [["x"], ["aaaaaa"], ["aaaaaa"]]
    assert other.passes == [["zz", "zz"], ["zz"]]
    assert shared == [["x"], ["aaaaaa"], ["zz", "zz"], ["aaaaaa"], ["zz"]]


@in_loop
async def test_full_queue_says_when_to_try_again(queue, recorder):
    """429 with the numbers and Retry-After; what waits is still answered, and then there is room again."""
    await recorder.hold(queue)
    batch = queue.submit(recorder.work, ["a"] * 8)
    with pytest.raises(
        ApiError, match="8 texts wait already, and up to 10 may: try again in 1 s"
    ) as caught:
        queue.submit(recorder.work, ["b"] * 3)
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "1"})
    queue.submit(recorder.work, ["c"] * 2)
    recorder.may_go.set()
    assert await batch.future == ["A"] * 8
    assert await queue.submit(recorder.work, ["b"] * 3).future == ["B"] * 3


@in_loop
async def test_cancelled_job_frees_its_places_and_is_not_scored(queue, recorder):
    """What nobody waits for takes no room and no time."""
    first = await recorder.hold(queue)
    gone = queue.submit(recorder.work, ["g"] * 9)
    queue.cancel(gone)
    queue.cancel(gone)
    assert queue.n_waiting == 0
    kept = queue.submit(recorder.work, ["k"] * 9)
    recorder.may_go.set()
    await asyncio.gather(first.future, kept.future)
    assert gone.future.cancelled()
    assert not any("g" in texts for texts in recorder.passes)


@in_loop
async def test_only_the_culprit_fails(queue, recorder):
    """A text that a model cannot score fails its own request; the others of the pass are answered."""
    await recorder.hold(queue)
    good, bad, mixed = (queue.submit(recorder.work, texts) for texts in (["a"], ["bad"], ["b"]))
    recorder.may_go.set()
    assert (await good.future, await mixed.future) == (["A"], ["B"])
    with pytest.raises(ApiError, match="the model could not score a text") as caught:
        await bad.future
    assert caught.value.status == 500


class Panic(BaseException):
    """What Python sees when a library that is written in Rust gives up."""


def test_panic_of_a_library_ends_one_request():
    """The thread goes on: the next request is answered."""
    recorder = Recorder()

    def run(texts):
        if "bad" in texts:
            raise Panic
        return recorder.work.run(texts)

    work = Work(run, cost=len, budget=6)

    async def main():
        queue = ComputeQueue(max_texts=10)
        recorder.may_go.set()
        with pytest.raises(ApiError, match="the model could not score a text"):
            await queue.submit(work, ["bad"]).future
        assert await queue.submit(work, ["good"]).future == ["GOOD"]
        await asyncio.to_thread(queue.close)

    asyncio.run(main())


def test_failure_is_logged_without_the_text(caplog):
    """The log names the exception and its place, not its message, which may hold a text."""
    recorder = Recorder()

    async def main():
        queue = ComputeQueue(max_texts=10)
        with pytest.raises(ApiError):
            await queue.submit(recorder.work, ["bad"]).future
        await asyncio.to_thread(queue.close)

    with caplog.at_level(logging.ERROR, logger="assay"):
        asyncio.run(main())
    (record,) = caplog.records
    assert record.facts["exception"] == "ValueError"
    assert "secret" not in str(record.__dict__)


@in_loop
async def test_closed_queue_finishes_what_waits_and_takes_nothing(queue, recorder):
    """Closing loses nothing that was accepted."""
    await recorder.hold(queue)
    job = queue.submit(recorder.work, ["a", "b"])
    closing = asyncio.ensure_future(asyncio.to_thread(queue.close))
    while not queue._is_closed:
        await asyncio.sleep(0)
    with pytest.raises(ApiError, match="the server is stopping"):
        queue.submit(recorder.work, ["c"])
    recorder.may_go.set()
    await closing
    assert await job.future == ["A", "B"]


@in_loop
async def test_every_text_has_its_own_result(queue, recorder):
    """A thousand requests of all sizes at once: each gets its answers, in its order, and no pass is over the budget."""
    queue._max_texts = 100_000
    asked = [[f"{i}.{j}" for j in range(i % 5)] for i in range(1000)]
    jobs = [queue.submit(recorder.work, texts) for texts in asked]
    assert await asyncio.gather(*(job.future for job in jobs)) == asked
    assert all(sum(map(len, texts)) <= 6 or len(texts) == 1 for texts in recorder.passes)
    assert queue.n_waiting == 0


def test_loop_that_is_closed_does_not_end_the_thread():
    """Whoever asked there has gone; a request of another loop is answered."""
    recorder, queue = Recorder(), ComputeQueue(max_texts=10)

    async def leave():
        await recorder.hold(queue)
        queue.submit(recorder.work, ["a", "b"])

    async def ask():
        return await asyncio.wait_for(queue.submit(recorder.work, ["c"]).future, 30)

    asyncio.run(leave())
    recorder.may_go.set()
    assert asyncio.run(ask()) == ["C"]
    assert queue.n_waiting == 0
    queue.close()


class Fickle:
    """Work that fails in all ways: an error, a panic, results that are too few or too many."""

    def __init__(self):
        self.may_go = threading.Event()
        self.work = [Work(self.run, cost=len, budget=budget) for budget in (3, 8)]

    def run(self, texts):
        """Return the texts in capitals, unless one of them makes it fail."""
        assert self.may_go.wait(30)
        if "error" in texts:
            raise ValueError
        if "panic" in texts:
            raise Panic
        results = [text.upper() for text in texts]
        return results[1:] if "few" in texts else results * 2 if "many" in texts else results


FAILING = ("error", "panic", "few", "many")
TEXTS = st.lists(st.sampled_from(["a", "bb", "ccc", *FAILING]), max_size=6)
STEPS = st.lists(
    st.tuples(st.just("submit"), TEXTS, st.integers(0, 1))
    | st.tuples(st.just("cancel"), st.integers(0, 30))
    | st.tuples(st.sampled_from(["go", "stop", "turn"])),
    max_size=30,
)


@settings(deadline=None)
@given(STEPS)
def test_number_of_waiting_texts_never_drifts(steps):
    """It is that of the texts that are in no pass yet and that somebody waits for, at every moment."""
    fickle, jobs = Fickle(), []
    queue = ComputeQueue(max_texts=20)

    def check():
        with queue._condition:
            left = [len(job.texts) - job.n_taken for job in jobs if not job.is_cancelled]
            assert queue.n_waiting == sum(left)
            assert queue.n_waiting <= 20

    async def take(step, *args):
        if step == "submit":
            with suppress(ApiError):  # it may be full
                jobs.append(queue.submit(fickle.work[args[1]], args[0]))
        elif step == "cancel" and jobs:
            queue.cancel(jobs[args[0] % len(jobs)])
        elif step in ("go", "stop"):
            fickle.may_go.set() if step == "go" else fickle.may_go.clear()
        await asyncio.sleep(0.001 if step == "turn" else 0)

    async def main():
        for step in steps:
            await take(*step)
            check()
        fickle.may_go.set()
        futures = [job.future for job in jobs]
        ends = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 30)
        for job, end in zip(jobs, ends, strict=True):
            if job.future.cancelled():
                assert job.is_cancelled
            elif set(job.texts) & set(FAILING):
                assert end.status == 500
            else:
                assert end == [text.upper() for text in job.texts]
        check()
        assert queue.n_waiting == 0

    try:
        asyncio.run(main())
    finally:
        fickle.may_go.set()
        queue.close()
