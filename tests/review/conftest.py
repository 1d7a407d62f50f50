"""A small pool, and sessions on it without a server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from _support.browsers import open_browser, visits
from _support.server_runs import ATTACK
from _support.small_models import small_data
from _support.small_runs import write_rows
from assay.review.events import Names
from assay.review.journal import Journal, journal_path
from assay.review.pool import Pool
from assay.review.session import LabelSession

LABELS = ("joy", "sadness", "fear")
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def pool():
    """Twenty texts, one per line."""
    texts = tuple(dict.fromkeys(small_data(80)[0]))[:20]
    return Pool("pool.csv", texts, tuple(range(2, 2 + len(texts))))


@pytest.fixture
def open_session(pool, tmp_path):
    """Open the session of one output, as often as it is asked for."""
    journals = []

    def open_session(pool=pool, **options):
        journal = Journal(journal_path(tmp_path / "labelled.jsonl"))
        journals.append(journal)
        if not journal.events:
            journal.append(Names("n0", "2026-01-02T12:00:00+00:00", LABELS))
        out = tmp_path / "labelled.jsonl"
        return LabelSession(pool, journal, out, by="me", clock=lambda: NOON, **options)

    yield open_session
    for journal in journals:
        journal.close()


@pytest.fixture
def session(open_session):
    """A fresh session."""
    return open_session()


@pytest.fixture
def pool_file(tmp_path):
    """A pool of 260 texts, some of them odd."""
    texts = list(dict.fromkeys(small_data(1_500)[0]))[:250]
    texts += [ATTACK, "x" * 20_000, "مرحبا بالعالم", "😀👩‍👩‍👧 오늘 행복해요", "1", "z"]
    return write_rows(tmp_path / "pool.jsonl", texts, [""] * len(texts))


@pytest.fixture(scope="module")
def browser():
    """Start the browser once."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def visit(browser):
    """Open a page as somebody; whatever it complains of fails the test."""
    with visits(browser) as visit:
        yield visit
