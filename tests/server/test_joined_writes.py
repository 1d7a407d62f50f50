"""Answers that go out in one piece: nothing is lost, out of order or held back."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from assay.server.joined_writes import LARGE_BYTES, JoinedWrites


class Recorder:
    """A transport that keeps what it is told."""

    def __init__(self):
        self.pieces, self.is_closed = [], False

    def write(self, data):
        """Keep a piece."""
        assert not self.is_closed
        self.pieces.append(bytes(data))

    def close(self):
        """Note the end."""
        self.is_closed = True

    def is_closing(self):
        """Tell whether the end was noted."""
        return self.is_closed

    def get_extra_info(self, name):
        """Answer what is asked of the real one."""
        return f"{name} of the transport"


def in_turns(turns, *, closes=False):
    """Write the pieces of each turn of the loop; return what the transport got."""
    recorder = Recorder()

    async def main():
        transport = JoinedWrites(recorder, asyncio.get_running_loop())
        for pieces in turns:
            for piece in pieces:
                transport.write(piece)
            if not closes:
                await asyncio.sleep(0)
        if closes:
            transport.close()
        assert transport.get_extra_info("peername") == "peername of the transport"

    asyncio.run(main())
    return recorder


@given(st.lists(st.lists(st.binary(min_size=1, max_size=5), max_size=4), max_size=4))
def test_each_turn_is_one_piece(turns):
    """What is written in one turn goes out together, in its order, at the end of that turn."""
    assert in_turns(turns).pieces == [b"".join(pieces) for pieces in turns if pieces]


def test_closing_sends_what_was_written():
    """An answer before a close is not lost."""
    recorder = in_turns([[b"head", b"body"]], closes=True)
    assert (recorder.pieces, recorder.is_closed) == ([b"headbody"], True)


def test_large_answer_goes_at_once():
    """Flow control has to see it."""
    large = b"x" * (LARGE_BYTES + 1)
    recorder = Recorder()

    async def main():
        transport = JoinedWrites(recorder, asyncio.get_running_loop())
        transport.write(b"head")
        transport.write(large)
        assert recorder.pieces == [b"head" + large]

    asyncio.run(main())


def test_connection_that_was_cut_off_takes_nothing_more():
    """A client that asked for many answers and read none of them costs no error in the log."""
    recorder = Recorder()

    async def main():
        transport = JoinedWrites(recorder, asyncio.get_running_loop())
        transport.write(b"first")
        await asyncio.sleep(0)
        transport.write(b"second")
        recorder.close()  # as `abort` does, between two answers
        await asyncio.sleep(0)
        transport.write(b"x" * (LARGE_BYTES + 1))

    asyncio.run(main())
    assert recorder.pieces == [b"first"]
