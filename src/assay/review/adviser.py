"""`Adviser`: the thread behind the page that reads texts, chooses the next ones and estimates.

The page never waits for it: until it has something to say, texts come in random order.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from assay.models.label_names import NamedLabels
from assay.review.advice import give_advice
from assay.review.background import Stoppable, StoppedError, start_thread
from assay.review.estimate import MIN_RANDOM, estimate_accuracy
from assay.review.events import Decision
from assay.review.guesses import Known, choose_names
from assay.review.map_colours import colour_by_labels
from assay.review.read_texts import ReadTexts
from assay.review.session import LabelSession
from assay.review.text_map import MAX_MAPPED, TextMap, map_texts
from assay.review.vectors import TextVectors, open_vectors

__all__ = ["Adviser"]

logger = logging.getLogger(__name__)

# Texts of the pool that are read: the first ones of the random order, so a random sample of it.
MAX_READ = 50_000
FIRST_READ = 64  # before the first advice
READ_AT_ONCE = 128  # between two looks at new labels
MAX_ADVISED = 6_000  # texts among which the next ones are chosen; of more, a random sample
ESTIMATE_EVERY = 10  # decisions
N_LABELS_NEEDED = 2  # with fewer, there is nothing to tell apart
WAIT_S = 1.0
PAUSES_PER_WRITE = 20  # between two writes of the output, in the time that one took
MAX_LABELLED = 750  # texts with labels on the map
STOP_S = 1.0  # longest that the end waits for a batch that is being read


@dataclass(frozen=True)
class _Seen:
    """The state that the last advice was given for."""

    n_events: int = -1
    n_regions: int = 0
    n_read: int = -1
    n_estimated: int = -1


class Adviser:
    """Works in the background for a session.

    Parameters
    ----------
    session : LabelSession
    checkpoint : str
        What texts are read by; see `open_vectors`.
    seed : int
    """

    def __init__(self, session: LabelSession, *, checkpoint: str, seed: int = 0) -> None:
        self._session = session
        self._checkpoint = checkpoint
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._is_stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.vectors: TextVectors | None = None
        self.n_read = 0
        self._read: ReadTexts | None = None
        self._names: dict[str, np.ndarray] = {}
        self._seen = _Seen()
        self._has_failed = False
        self._next_write = 0.0

    def start(self) -> None:
        """Begin to work."""
        self._thread = start_thread(self._work, "adviser")

    def stop(self) -> None:
        """Stop at the next batch of texts, and wait for that, but not long.

        Who cannot stop as quickly, such as a library that is being loaded, is left behind.
        """
        self._is_stopping.set()
        with self._session.changed:
            self._session.changed.notify_all()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def is_estimating(self) -> bool:
        """Tell whether there is no accuracy yet although the labels are enough for one."""
        session = self._session
        with session.changed:
            if session.several or self._has_failed or session.estimate is not None:
                return False
            usable = self._usable(session.labelling.labelled())
            if len({one.labels for one in usable}) < N_LABELS_NEEDED:
                return False
            drawn = self._drawn_texts()
        return sum(one.text in drawn for one in usable) >= MIN_RANDOM

    def map_texts(self) -> TextMap:
        """Return texts that have been read as points: those with labels, and the first others."""
        session, read = self._session, self._read
        if read is None:
            return map_texts([], [], np.zeros((0, 0)), {})
        with session.changed:
            labelled = self._usable(session.labelling.labelled())
            order = tuple(session.labelling.labels)
        # The latest labels, of texts that wait for the reader no more than the map does.
        label_of = {one.text: one.labels for one in labelled[-MAX_LABELLED:] if one.text in read}
        first = [session.pool.texts[i] for i in session.random_order[: self.n_read]]
        texts = list(dict.fromkeys([*label_of, *first[:MAX_MAPPED]]))[:MAX_MAPPED]
        features = read.features(texts)
        rows = np.arange(len(label_of))
        known = Known(rows, tuple(label_of.values()), several=session.several)
        colours = colour_by_labels(features, known, order=order, seed=self._seed)
        names = [session.name_of(text) for text in texts]
        return map_texts(names, texts, features, colours, seed=self._seed)

    def _work(self) -> None:
        try:
            self._open()
            while not self._is_stopping.is_set():
                if not self._step():
                    with self._session.changed:
                        self._session.changed.wait(WAIT_S)
        except StoppedError:
            return
        except Exception as err:  # the page goes on without it; a message could hold a text
            self._has_failed = True
            kind = type(err).__name__
            logger.error("texts come in random order from here on: nothing is suggested (%s)", kind)

    def _open(self) -> None:
        pool, order = self._session.pool, self._session.random_order
        first = [pool.texts[i] for i in order[:1_000]]
        self.vectors = open_vectors(
            first,
            checkpoint=self._checkpoint,
            seed=self._seed,
            progress=Stoppable(self._is_stopping),
        )
        self._read = ReadTexts(self.vectors)
        self._order = order[:MAX_READ]

    def _step(self) -> bool:
        """Do one piece of work; return False if there is nothing to do."""
        self._write()
        session = self._session
        with session.changed:
            n_events = session.labelling.n_events
            n_regions = session.n_regions
        is_new = (n_events, n_regions) != (self._seen.n_events, self._seen.n_regions)
        if self.n_read >= min(FIRST_READ, len(self._order)):
            if is_new or self.n_read >= 2 * self._seen.n_read:
                self._advise(n_events)
                # Whoever decides quickly must not keep it from reading and estimating.
                self._read_more()
                self._estimate(every=2 * ESTIMATE_EVERY)
                return True
            if self._estimate():
                return True
        return self._read_more()

    def _write(self) -> None:
        """Write the labelled texts; a full disk is said when the next decision is kept.

        The file is written whole: one that takes long is written less often.
        """
        start = time.monotonic()
        if start < self._next_write:
            return
        with suppress(OSError):
            self._session.write()
        end = time.monotonic()
        self._next_write = end + PAUSES_PER_WRITE * (end - start)

    def _read_more(self) -> bool:
        """Read the next texts of the random order."""
        assert self._read is not None
        size = READ_AT_ONCE
        if not self.n_read:
            size = FIRST_READ
        wanted = self._order[self.n_read : self.n_read + size]
        if not wanted:
            return False
        texts = self._session.pool.texts
        self._read.read(texts[i] for i in wanted)
        self.n_read += len(wanted)
        return True

    def _name_vectors(self) -> dict[str, np.ndarray]:
        assert self.vectors is not None
        if not self.vectors.reads_meaning or self._session.several:
            return {}
        labels = list(self._session.labelling.labels)
        named = NamedLabels.read(labels, self._read_names)
        if named is None:
            return {}
        own = [labels[i] for i in named.label_ids.tolist()]
        return dict(zip(own, named.features, strict=True))

    def _read_names(self, words: list[str]) -> np.ndarray:
        """Return the vectors of names, each of which is read once."""
        assert self.vectors is not None
        fresh = [one for one in words if one not in self._names]
        if fresh:
            self._names.update(zip(fresh, self.vectors.transform(fresh), strict=True))
        return np.stack([self._names[one] for one in words])

    def _usable(self, labelled: list[Decision]) -> list[Decision]:
        """Return the decisions that a model can learn from."""
        return [one for one in labelled if self._session.several or len(one.labels) == 1]

    def _waiting(self, decided: Set[str], region: Set[int]) -> list[int]:
        """Return texts that have been read and wait: of the region, if it has any."""
        texts = self._session.pool.texts
        waiting = [i for i in self._order[: self.n_read] if texts[i] not in decided]
        waiting = [i for i in waiting if i in region] or waiting
        if len(waiting) <= MAX_ADVISED:
            return waiting
        drawn: list[int] = self._rng.choice(waiting, MAX_ADVISED, replace=False).tolist()
        return drawn

    def _advise(self, n_events: int) -> None:
        """Choose the next texts, with all that is known of the labels."""
        assert self._read is not None
        session, texts = self._session, self._session.pool.texts
        with session.changed:
            usable = self._usable(session.labelling.labelled())
            decided = {one.text for one in session.labelling.decisions()}
            region, n_regions = session.region, session.n_regions
        waiting = self._waiting(decided, region)
        # the texts that wait, then those that are decided
        shown = [*(texts[i] for i in waiting), *decided]
        place_of = {text: place for place, text in enumerate(shown)}
        drawn = self._drawn_texts()
        known = Known(
            np.array([place_of[one.text] for one in usable], dtype=np.int64),
            tuple(one.labels for one in usable),
            self._name_vectors(),
            session.several,
            # With several labels per text there is no estimate that they would have to serve.
            None if session.several else np.array([one.text in drawn for one in usable], bool),
        )
        positions = np.array([*waiting, *[-1] * len(decided)], dtype=np.int64)
        advice = give_advice(
            self._read.features(shown), positions, positions >= 0, known, rng=self._rng
        )
        with session.changed:
            session.advice = advice
        self._seen = _Seen(n_events, n_regions, self.n_read, self._seen.n_estimated)

    def _estimate(self, every: int = ESTIMATE_EVERY) -> bool:
        """Estimate the accuracy again if there are so many new decisions."""
        assert self._read is not None
        session = self._session
        with session.changed:
            labelled = session.labelling.labelled()
        if session.several or not self._is_estimate_due(len(labelled), every):
            return False
        usable, drawn = self._usable(labelled), self._drawn_texts()
        names = np.asarray([one.labels[0] for one in usable], dtype=str)
        classes, ids = np.unique(names, return_inverse=True)
        features = self._read.features(one.text for one in usable)
        is_drawn = [one.text in drawn for one in usable]
        named = choose_names(features, ids, classes.tolist(), self._name_vectors())
        estimate = estimate_accuracy(features, ids, is_drawn, seed=self._seed, named=named)
        if estimate is not None:
            n_chosen = sum(one.text in drawn and not one.is_random for one in usable)
            estimate = replace(estimate, n_chosen=n_chosen)
        with session.changed:
            session.estimate = estimate
        self._seen = replace(self._seen, n_estimated=len(labelled))
        return True

    def _is_estimate_due(self, n_labelled: int, every: int) -> bool:
        """Tell whether there are enough new decisions, or any at the beginning and at the end."""
        n_new = abs(n_labelled - self._seen.n_estimated)
        if self._seen.n_estimated < 0 or n_new >= every:
            return True
        with self._session.changed:
            is_last = n_new > 0 and not self._session.n_left
        return is_last or self.is_estimating()  # also after another label for the same text

    def _drawn_texts(self) -> set[str]:
        """Return the texts of the random order up to the first that waits for a decision.

        They are a random sample of the pool, whatever else was chosen: also those that had been
        chosen before their turn, which the file does not mark as random.
        """
        session = self._session
        drawn: set[str] = set()
        with session.changed:
            for position in session.random_order:
                if session.is_open(position):
                    break
                drawn.add(session.pool.texts[position])
        return drawn
