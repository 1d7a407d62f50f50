"""Clients that do not read their answers: they are cut off in time, and those that read are not."""

import pytest

from assay.server.slow_readers import MIN_READ_BYTES, CountedWrites, SlowReaders

LIMIT = 4 * MIN_READ_BYTES


class Pipe:
    """A transport whose reader takes what it is told to."""

    def __init__(self):
        self.unread, self.is_cut = 0, False

    def write(self, data):
        """Keep how much waits."""
        self.unread += len(data)

    def read(self, n):
        """Let the reader take some."""
        self.unread = max(0, self.unread - n)

    def get_write_buffer_size(self):
        """Return how much waits."""
        return self.unread

    def abort(self):
        """Note the end."""
        self.is_cut, self.unread = True, 0

    def is_closing(self):
        """Tell whether the end was noted."""
        return self.is_cut


class Clock:
    """An event loop whose time is advanced by hand."""

    def __init__(self):
        self.calls = []

    def call_later(self, seconds, work, *args):
        """Keep the call."""
        self.calls.append((work, args))

    def pass_time(self):
        """Do what was to be done later."""
        calls, self.calls = self.calls, []
        for work, args in calls:
            work(*args)


@pytest.fixture
def clock():
    """Stop the clock."""
    return Clock()


def open_pipes(clock, n, *, n_bytes):
    """Send so much to each of some clients, who share a server."""
    readers = SlowReaders(client_s=10, max_bytes=LIMIT)
    pipes = [Pipe() for _ in range(n)]
    for pipe in pipes:
        CountedWrites(pipe, clock, readers).write(b"x" * n_bytes)
    return pipes


def test_client_that_reads_nothing_is_cut_off(clock):
    """After `client_s`, and not before."""
    (pipe,) = open_pipes(clock, 1, n_bytes=LIMIT)
    assert not pipe.is_cut
    clock.pass_time()
    assert pipe.is_cut
    assert not clock.calls


def test_client_that_reads_slowly_gets_its_answer(clock):
    """As long as it takes enough each time; when it has all, nobody looks any more."""
    (pipe,) = open_pipes(clock, 1, n_bytes=LIMIT)
    for _ in range(4):
        pipe.read(MIN_READ_BYTES)
        clock.pass_time()
        assert not pipe.is_cut
    assert not clock.calls


def test_trickle_is_not_reading(clock):
    """A byte now and then would hold the memory for hours."""
    (pipe,) = open_pipes(clock, 1, n_bytes=LIMIT)
    pipe.read(100)
    clock.pass_time()
    assert pipe.is_cut


def test_all_together_may_leave_so_much_unread(clock):
    """Those that have waited longest are cut off first."""
    pipes = open_pipes(clock, 6, n_bytes=MIN_READ_BYTES)
    assert [pipe.is_cut for pipe in pipes] == [True, True, False, False, False, False]


def test_answers_that_are_taken_at_once_cost_nothing(clock):
    """No timer is set."""
    readers = SlowReaders(client_s=10, max_bytes=LIMIT)
    pipe = Pipe()
    pipe.write = lambda data: None
    transport = CountedWrites(pipe, clock, readers)
    transport.write(b"answer")
    assert not clock.calls
    assert transport.n_written == len(b"answer")


def test_connection_that_was_cut_off_takes_nothing_more(clock):
    """A client that asked for many answers and read none of them costs no error in the log."""
    pipe = Pipe()
    transport = CountedWrites(pipe, clock)
    transport.write(b"first")
    transport.abort()
    transport.write(b"second")
    assert (pipe.unread, transport.n_written) == (0, len(b"first"))
