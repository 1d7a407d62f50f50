"""Requests whose body has not arrived take no place of those that are in work."""

import pytest

from assay.server.failures import ApiError
from assay.server.places import READING_PER_PLACE, Places


def test_unfinished_bodies_leave_room_for_others():
    """All but their own number may begin; a request with a whole body has its place."""
    places = Places(2)
    waiting = []
    for _ in range(2 * READING_PER_PLACE):
        places.n_taken += 1
        places.check()
        reading = places.reading()
        reading.__enter__()
        waiting.append(reading)
    assert (places.n_taken, places.n_reading) == (0, 2 * READING_PER_PLACE)
    places.n_taken += 1
    places.check()
    for reading in waiting[:1]:
        reading.__exit__(None, None, None)
    assert (places.n_taken, places.n_reading) == (2, 2 * READING_PER_PLACE - 1)


def test_request_is_refused_if_all_places_are_taken_when_its_body_is_whole():
    """The limit of what is in work holds all the same."""
    places = Places(1)
    places.n_taken += 1
    reading = places.reading()
    reading.__enter__()
    places.n_taken += 1
    places.check()
    with pytest.raises(ApiError, match="1 requests are in work"):
        reading.__exit__(None, None, None)


def test_clients_that_never_end_are_bounded_too():
    """Each takes a little memory."""
    places = Places(1)
    places.n_reading = READING_PER_PLACE + 1
    with pytest.raises(ApiError, match="no more are taken"):
        places.check()
