"""`LabelSession`: one person, one pool, one file; what the label page asks and does."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from assay.review.advice import Advice
from assay.review.estimate import Estimate
from assay.review.event_session import (
    Clock,
    EventSession,
    OtherPageError,
    UnknownChoiceError,
    utc_now,
)
from assay.review.events import Decision, Names, Rename, Undo
from assay.review.items import Given, Item
from assay.review.journal import Journal
from assay.review.label_list import (
    MAX_LABEL_CHARS,
    check_capitals,
    check_name,
    check_new_name,
)
from assay.review.labelled_file import write_labelled
from assay.review.labelling import Labelling
from assay.review.pool import Pool, text_mark

__all__ = ["LabelSession"]

RANDOM_EVERY = 4  # every fourth text is the next in the random order, without a suggestion


class LabelSession(EventSession):
    """The state behind a label page.

    Parameters
    ----------
    pool : Pool
    journal : Journal
        Open; its events are taken in.
    out : Path
        Where the labelled texts are written.
    several : bool
        Whether a text can have several labels.
    by : str
        Who labels.
    seed : int
        Seed of the random order.
    clock : callable
        Returns the time, in UTC.

    Attributes
    ----------
    labelling : Labelling
    advice : Advice
        What the background has worked out last.
    estimate : Estimate or None
    region : frozenset of int
        Positions of texts that were drawn around on the map, and come first; empty: none were.
    n_regions : int
        How often a region was chosen.
    """

    def __init__(
        self,
        pool: Pool,
        journal: Journal,
        out: Path,
        *,
        several: bool = False,
        by: str = "",
        seed: int = 0,
        clock: Clock = utc_now,
    ) -> None:
        self.labelling = Labelling(events=journal.events)
        super().__init__(self.labelling, journal, by=by, clock=clock)
        self.pool = pool
        self.out = out
        self.several = several
        self.advice = Advice()
        self.estimate: Estimate | None = None
        self._position_of = {text: i for i, text in enumerate(pool.texts)}
        self.random_order = pool.random_order(seed)
        self.region: frozenset[int] = frozenset()
        self.n_regions = 0
        self._n_written = -1
        self._writing = threading.Lock()
        self._shown: Item | None = None

    @property
    def n_left(self) -> int:
        """Texts of the pool that wait for a decision."""
        n_own = sum(one.text in self._position_of for one in self.labelling.decisions())
        return len(self.pool) - n_own

    @property
    def n_region(self) -> int:
        """Texts of the region that wait for a decision."""
        return sum(self.is_open(position) for position in self.region)

    def choose_region(self, positions: Iterable[int]) -> None:
        """Let some texts of the pool come first; without any, texts come from everywhere again.

        Raises
        ------
        UnknownChoiceError
            There is no such text.
        """
        chosen = frozenset(positions)
        if any(not 0 <= position < len(self.pool) for position in chosen):
            raise UnknownChoiceError("there is no such text in the pool")
        with self.changed:
            self.region = chosen
            self.n_regions += 1
            self._shown = None
            self.changed.notify_all()

    def name_of(self, text: str) -> str:
        """Return what the page calls a text by: its position; empty if the pool has it no more."""
        return str(self._position_of.get(text, ""))

    def is_open(self, position: int) -> bool:
        """Tell whether a text waits for a decision."""
        return not self.labelling.is_decided(self.pool.texts[position])

    def current(self) -> Item | None:
        """Return the text to decide on; None if all are decided.

        It stays the same until it is decided, whoever asks.
        """
        with self.changed:
            if self._shown is None or not self.is_open(self._shown.position):
                self._shown = self._choose()
            self._shown = self._without_lost_labels(self._shown)
            return self._shown

    def history(self, back: int) -> Item | None:
        """Return the text of an earlier decision; 0 is the latest. None if there are fewer."""
        with self.changed:
            own = [d for d in self.labelling.decisions() if d.text in self._position_of]
            if not 0 <= back < len(own):
                return None
            return self._item_again(own[-1 - back])

    def decide(self, given: Given, *, version: int) -> None:
        """Keep a decision.

        Raises
        ------
        OtherPageError
            The state is not that of `version`.
        UnknownChoiceError
            There is no such text or label.
        OSError
            The disk refused; nothing has changed.
        """
        with self.changed:
            if self._is_known(given.id, version):
                return
            position = self._position_of_given(given)
            self._check(given)
            item = self._given_item(position)
            self._keep(
                Decision(
                    id=given.id,
                    at=self._now(),
                    by=self.by,
                    line=item.line,
                    text=item.text,
                    labels=given.labels,
                    is_skip=given.is_skip,
                    seconds=given.seconds,
                    suggested=self._single_suggestion(item),
                    suggested_labels=item.suggested if self.several else None,
                    confidence=item.confidence,
                    is_random=item.is_random,
                    note=given.note,
                    others=self.pool.others_of(position),
                )
            )

    def undo(self, event_id: str, *, version: int) -> None:
        """Take back what was done last: a decision, whose text is the current one again, or a name.

        Raises
        ------
        OtherPageError, OSError
            As for `decide`.
        """
        with self.changed:
            last = self.labelling.last()
            if self._is_known(event_id, version) or last is None:
                return
            self._keep(Undo(event_id, self._now(), last.id))
            if not isinstance(last, Decision):
                return
            position = self._position_of.get(last.text)
            if position is not None and self.is_open(position):
                self._shown = replace(self._item_again(last), decision=None, note=last.note)

    def add_label(self, event_id: str, label: str, *, version: int) -> None:
        """Add a label at the end of the list.

        Raises
        ------
        OtherPageError, UnknownChoiceError, OSError
            As for `decide`.
        """
        with self.changed:
            if not self._is_known(event_id, version):
                name = check_new_name(label, self.labelling.labels)
                self._keep(Names(event_id, self._now(), (name,), on_page=True))

    def rename_label(self, event_id: str, label: str, to: str, *, version: int) -> None:
        """Give a label another name; the name of another label makes one of both.

        Raises
        ------
        OtherPageError, UnknownChoiceError, OSError
            As for `decide`.
        """
        with self.changed:
            if not self._is_known(event_id, version):
                name = check_name(to)
                if label not in self.labelling.labels:
                    raise UnknownChoiceError(f"there is no label '{label[:MAX_LABEL_CHARS]}'")
                others = [one for one in self.labelling.labels if one != label]
                check_capitals(name, others)
                if name != label:
                    self._keep(Rename(event_id, self._now(), label, name))
                    self._rename_suggestion(label, name)

    def write(self) -> None:
        """Write the labelled texts, unless the file has them already.

        Raises
        ------
        OSError
            The disk refused.
        """
        with self._writing:  # an earlier state never replaces a later one
            with self.changed:
                version, decisions = self.version, self.labelling.labelled()
            if version != self._n_written:
                write_labelled(decisions, self.out, several=self.several)
                self._n_written = version

    def _position_of_given(self, given: Given) -> int:
        """Return the position of the text that was decided on.

        A page that was open while the command ran again, on a pool that has grown, names the
        position in the pool before.
        """
        texts, position = self.pool.texts, given.position
        if not given.mark:
            if 0 <= position < len(texts):
                return position
            raise UnknownChoiceError(f"there is no text {position:,} in the pool")
        if 0 <= position < len(texts) and text_mark(texts[position]) == given.mark:
            return position
        for i, text in enumerate(texts):
            if text_mark(text) == given.mark:
                return i
        raise OtherPageError("the text is not in the pool any more")

    def _check(self, given: Given) -> None:
        unknown = [one for one in given.labels if one not in self.labelling.labels]
        if unknown:
            raise UnknownChoiceError(f"there is no label '{unknown[0][:MAX_LABEL_CHARS]}'")
        if given.is_skip and given.labels:
            raise UnknownChoiceError("a text is either skipped or labelled")
        if not self.several and not given.is_skip and len(given.labels) != 1:
            raise UnknownChoiceError(f"{len(given.labels)} labels; 1 is accepted")

    def _rename_suggestion(self, label: str, to: str) -> None:
        """Suggest for the text on the screen what was suggested, by its new name."""
        if self._shown is not None and self._shown.suggested:
            names = (to if one == label else one for one in self._shown.suggested)
            self._shown = replace(self._shown, suggested=tuple(dict.fromkeys(names)))

    def _without_lost_labels(self, item: Item | None) -> Item | None:
        """Suggest nothing where the label that was suggested is none any more."""
        if item is None or set(item.suggested or ()) <= set(self.labelling.labels):
            return item
        return replace(item, suggested=None, confidence=None)

    def _choose(self) -> Item | None:
        """Return the next text: every fourth from the random order, the others as advised."""
        is_turn = len(self.labelling) % RANDOM_EVERY == RANDOM_EVERY - 1
        for position in () if is_turn else self._advised_order():
            if self.is_open(position):
                return self._advised(position)
        for position in self.random_order:
            if self.is_open(position):
                return self._item(position, is_random=True)
        return None

    def _advised_order(self) -> Iterator[int]:
        """Yield texts in the order of the advice; those of the region alone while it has any."""
        if not self.n_region:
            yield from self.advice.queue
            return
        yield from (position for position in self.advice.queue if position in self.region)
        yield from sorted(self.region)

    def _advised(self, position: int) -> Item:
        """Return a text with the label that is suggested for it."""
        found = self.advice.suggestions.get(position)
        if found is None:
            return self._item(position)
        return self._item(position, suggested=found.labels, confidence=found.confidence)

    def _item(
        self,
        position: int,
        *,
        suggested: tuple[str, ...] | None = None,
        confidence: float | None = None,
        is_random: bool = False,
    ) -> Item:
        """Return a text of the pool."""
        line, text = self.pool.lines[position], self.pool.texts[position]
        return Item(position, line, text, suggested, confidence, is_random)

    def _item_again(self, decision: Decision) -> Item:
        """Return a text as it was shown when it was decided."""
        single = None if decision.suggested is None else (decision.suggested,)
        item = self._item(
            self._position_of[decision.text],
            suggested=decision.suggested_labels if self.several else single,
            confidence=decision.confidence,
            is_random=decision.is_random,
        )
        return replace(item, decision=decision)

    def _single_suggestion(self, item: Item) -> str | None:
        """Return the one label that was suggested, if texts have one label each."""
        return item.suggested[0] if item.suggested and not self.several else None

    def _given_item(self, position: int) -> Item:
        """Return the text that the page decides on, as it was shown."""
        if self._shown is not None and self._shown.position == position:
            return self._shown
        before = self.labelling.decision(self.pool.texts[position])
        return self._item(position) if before is None else self._item_again(before)
