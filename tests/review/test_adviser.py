"""The thread behind the page reads, advises and estimates. Tests vectors, too."""

import time

import numpy as np
import pytest

from _support.small_models import small_data
from assay.review.adviser import Adviser
from assay.review.items import Given
from assay.review.label_state import describe_state
from assay.review.pool import Pool
from assay.review.vectors import hash_vectors, open_vectors


def wait_until(holds, limit_s=60):
    """Wait for what the thread does."""
    started_s = time.monotonic()
    while not holds():
        assert time.monotonic() - started_s < limit_s
        time.sleep(0.01)  # there is no other moment to wait for


def labels_by_text(n):
    """Return the labels of n rows, of which some have equal texts, by text."""
    return dict(zip(*small_data(n), strict=True))


def pool_of(texts):
    """Return different texts as a pool."""
    return Pool("p", tuple(texts), tuple(range(1, len(texts) + 1)))


def test_adviser_suggests_and_estimates(open_session):
    """A person who labels all texts is told what the labels are worth; nothing is asked for twice."""
    label_of = labels_by_text(600)
    session = open_session(pool_of(label_of))
    adviser = Adviser(session, checkpoint="terms")
    adviser.start()
    wait_until(lambda: session.advice.queue)
    n_suggested = 0
    for i in range(130):
        item = session.current()
        label = label_of[item.text]
        if label not in session.labelling.labels:
            session.add_label(f"label {i}", label, version=session.labelling.n_events)
        given = Given(str(i), item.position, (label,))
        session.decide(given, version=session.labelling.n_events)
        n_suggested += item.suggested is not None
        if i == 20:
            wait_until(lambda: session.advice.is_of_model)
    wait_until(lambda: session.estimate is not None)
    adviser.stop()
    assert session.estimate.n_random >= 30
    assert 0 < session.estimate.n_chosen < session.estimate.n_random
    assert n_suggested >= 10
    assert session.out.is_file()


def test_who_decides_without_a_pause_is_told_the_accuracy(open_session, monkeypatch):
    """There is a new decision whenever it looks, so that it never has nothing to do."""
    label_of = labels_by_text(600)
    session = open_session(pool_of(label_of))
    for label in dict.fromkeys(label_of.values()):
        if label not in session.labelling.labels:
            session.add_label(f"label {label}", label, version=session.labelling.n_events)
    adviser = Adviser(session, checkpoint="terms")
    advise = adviser._advise

    def advise_late(n_events):
        advise(n_events)
        item = session.current()
        given = Given(f"by {n_events}", item.position, (label_of[item.text],))
        session.decide(given, version=session.labelling.n_events)

    monkeypatch.setattr(adviser, "_advise", advise_late)
    adviser.start()
    wait_until(lambda: session.estimate is not None or session.n_left == 0)
    adviser.stop()
    assert session.n_left > 0
    assert session.estimate.n_random >= 20


def test_last_labels_of_a_pool_are_estimated_too(open_session):
    """All labels count once nothing is left, and the page is told that the accuracy is on its way."""
    label_of = labels_by_text(60)
    session = open_session(pool_of(label_of))
    adviser = Adviser(session, checkpoint="terms")
    for label in dict.fromkeys(label_of.values()):
        if label not in session.labelling.labels:
            session.add_label(f"label {label}", label, version=session.labelling.n_events)
    is_estimating = []
    while (item := session.current()) is not None:
        given = Given(item.text, item.position, (label_of[item.text],))
        session.decide(given, version=session.labelling.n_events)
        is_estimating.append(adviser.is_estimating())
    assert is_estimating.index(True) == 19  # the twentieth label, of texts that all came at random
    assert describe_state(session, adviser)["is_estimating"]
    session.undo("back", version=session.labelling.n_events)
    adviser.start()
    wait_until(lambda: session.estimate is not None)
    item = session.current()
    given = Given("last", item.position, (label_of[item.text],))
    session.decide(given, version=session.labelling.n_events)
    wait_until(lambda: session.estimate.n_labelled == len(label_of))
    adviser.stop()
    state = describe_state(session, adviser)
    assert (state["n_left"], state["is_estimating"]) == (0, False)
    assert state["estimate"]["n_random"] == len(label_of)
    assert state["estimate"]["forecast"] is None
    assert not state["estimate"]["can_stop"]


def test_adviser_suggests_several_labels(open_session):
    """All that are probable; texts of the random order have no suggestion, and nothing is estimated."""
    texts, _ = small_data(300)
    pool = Pool("p", tuple(dict.fromkeys(texts)), tuple(range(len(set(texts)))))
    session = open_session(pool, several=True)
    adviser = Adviser(session, checkpoint="terms")
    adviser.start()
    wait_until(lambda: session.advice.queue)
    for i in range(40):
        item = session.current()
        labels = ("joy", "fear") if i % 2 else ("joy",) if i % 3 else ()
        version = session.labelling.n_events
        session.decide(Given(str(i), item.position, labels), version=version)
        assert not (item.is_random and item.suggested is not None)
    wait_until(lambda: session.advice.is_of_model)
    adviser.stop()
    assert set(session.advice.suggestions) == set(session.advice.queue)
    assert session.estimate is None


def test_other_labels_for_the_same_texts_are_estimated(open_session):
    """With one label there is no accuracy; it comes when a text gets another, though none is new.

    The adviser never looks at decisions while a request may change them.
    """
    session = open_session(pool_of(list(labels_by_text(100))[:30]))
    has_lock = []
    decisions = session.labelling.decisions

    def note():
        has_lock.append(session.changed._is_owned())
        return decisions()

    session.labelling.decisions = note
    session.add_label("other", "other", version=session.labelling.n_events)
    for i in range(25):
        given = Given(str(i), session.current().position, ("joy",))
        session.decide(given, version=session.labelling.n_events)
    adviser = Adviser(session, checkpoint="terms")
    adviser.start()
    wait_until(lambda: adviser._seen.n_estimated == 25)
    assert session.estimate is None
    given = Given("again", session.random_order[0], ("other",))
    session.decide(given, version=session.labelling.n_events)
    assert adviser.is_estimating()
    wait_until(lambda: session.estimate is not None)
    adviser.stop()
    assert all(has_lock)


def test_adviser_of_a_resumed_pool_knows_texts_that_are_gone(open_session, pool):
    """Labels of texts that the pool no longer has still train the model."""
    session = open_session()
    for i in range(10):
        item = session.current()
        given = Given(str(i), item.position, (("joy", "fear")[i % 2],))
        session.decide(given, version=session.labelling.n_events)
    other = open_session(Pool("p", ("new text", "other text"), (2, 3)))
    adviser = Adviser(other, checkpoint="terms")
    adviser.start()
    wait_until(lambda: other.advice.is_of_model)
    adviser.stop()
    assert set(other.advice.queue) == {0, 1}


def test_adviser_that_fails_leaves_random_order(open_session, caplog):
    """The page goes on; the log names the kind of error and no text."""
    session = open_session()
    adviser = Adviser(session, checkpoint="terms")

    def fail(n_events):
        raise RuntimeError("secret text")

    adviser._advise = fail
    adviser.start()
    adviser._thread.join(60)
    assert "random order" in caplog.text
    assert "secret" not in caplog.text
    assert session.current() is not None


def test_hashed_terms_tell_texts_apart():
    """Texts that share words are similar; the empty text has no terms."""
    vectors = hash_vectors(["so happy today", "so happy now", "큰 사고가 났다", ""])
    assert vectors.dtype == np.float32
    assert vectors.shape == (4, 1024)
    assert vectors[0] @ vectors[1] > 3 * abs(vectors[0] @ vectors[2])
    assert not vectors[3].any()


def test_checkpoint_that_cannot_be_used_gives_way_to_terms(tmp_path):
    """And the reason is kept for the page."""
    vectors = open_vectors(["a text"], checkpoint=str(tmp_path / "none"))
    assert vectors.name == "terms"
    assert "none" in vectors.why_terms


def test_checkpoint_reads_texts(tiny_bert):
    """Its vectors hold meaning, so that names of labels can be compared with texts."""
    vectors = open_vectors(["a text"], checkpoint=str(tiny_bert))
    assert vectors.reads_meaning
    assert vectors.transform(["a", "b"]).shape[0] == 2


@pytest.mark.parametrize("checkpoint", ["terms"])
def test_terms_need_no_checkpoint(checkpoint):
    """They are asked for by their name."""
    assert not open_vectors(["a text"], checkpoint=checkpoint).reads_meaning
