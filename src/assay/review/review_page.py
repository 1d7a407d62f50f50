"""`review_issues`: serve the page for what an audit found, and leave the decisions behind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.data.texts import Splits
from assay.disk import refusals_of_disk
from assay.errors import DataError, InputError
from assay.output_lock import lock_output
from assay.output_place import check_apart
from assay.review.background import start_thread
from assay.review.effect import measure_effect
from assay.review.events import Decision, Names, Rename, Start
from assay.review.journal import Journal, check_page, check_unfinished, journal_path
from assay.review.label_page import current_user, run_page, write_at_end
from assay.review.review_session import ReviewSession
from assay.review.row_names import RowNames
from assay.review.suspects import Nearest, Suspect
from assay.server.address import Listener, open_listener
from assay.server.options import ServerOptions

__all__ = ["ReviewOptions", "Reviewed", "check_decisions_file", "review_issues"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReviewOptions:
    """Where the page is, and what it goes on with.

    Parameters
    ----------
    host : str
        Address to listen on, of this machine only.
    port : int
        0: any free one.
    seed : int
        Seed of the folds by which the effect on the score is measured.
    resume : bool
        Go on with the decisions that are there.
    names : RowNames
        What a column of the data calls its rows.
    """

    host: str = "127.0.0.1"
    port: int = 8001
    seed: int = 0
    resume: bool = False
    names: RowNames = field(default_factory=RowNames)


@dataclass(frozen=True)
class Reviewed:
    """What a review left behind.

    Parameters
    ----------
    out : str
    n_changed, n_kept, n_skipped, n_left : int
        Rows that get another label, keep theirs, were skipped, and wait.
    """

    out: str
    n_changed: int
    n_kept: int
    n_skipped: int
    n_left: int

    def to_dict(self) -> dict[str, str | int]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def check_decisions_file(data: object, out: Path, *, resume: bool) -> None:
    """Refuse an output that cannot be written, before the audit.

    Raises
    ------
    InputError
        The name does not end in .csv, it is the data, or there are decisions already.
    """
    if out.suffix.lower() != ".csv" or out.is_dir():
        raise InputError(
            f"decisions cannot be written as '{out.name or out}'; "
            "a name that ends in .csv is accepted"
        )
    check_apart(data, out)
    check_unfinished(out, resume=resume)


def review_issues(
    splits: Splits,
    suspects: Sequence[Suspect],
    out: str | Path,
    *,
    options: ReviewOptions | None = None,
    announce: Callable[[str, int], None] = lambda url, n_rows: None,
) -> Reviewed:
    """Decide on the rows of an audit on a page, until SIGTERM or Ctrl-C.

    Parameters
    ----------
    splits : Splits
        The data that were audited.
    suspects : sequence of Suspect
    out : path
        A .csv file in the form of an audit's file, with yes and no under ``accept``: what
        `assay fix` takes. Decisions are kept in ``OUT.journal`` one by one.
    options : ReviewOptions, optional
    announce : callable
        As for `label_pool`.

    Raises
    ------
    InputError
        There is nothing to review, or the output cannot be used.
    OutsideError
        The disk refused, another process reviews into `out`, or the port is taken.
    MissingDependencyError
        The extra `serve` is not installed.
    """
    require("uvicorn")
    out = Path(out)
    if not suspects:
        raise DataError(f"the audit of {splits.source} found no row to review")
    options = options or ReviewOptions()
    with refusals_of_disk(out), lock_output(out):
        check_decisions_file(None, out, resume=options.resume)
        out.parent.mkdir(parents=True, exist_ok=True)
        # The port first: where it is taken, no journal is left that asks for --resume
        with (
            closing(open_listener(options.host, options.port)) as listener,
            closing(Journal(journal_path(out))) as journal,
        ):
            check_page(journal, refused=(Decision, Names, Rename), command="assay label")
            session = _open_session(splits, suspects, journal, out, options.names)
            _serve(session, splits, options, listener, lambda url: announce(url, len(suspects)))
            write_at_end(session.write, out, journal)
    return _describe(session, n_rows=len(suspects))


def _serve(
    session: ReviewSession,
    splits: Splits,
    options: ReviewOptions,
    listener: Listener,
    announce: Callable[[str], None],
) -> None:
    """Answer the page, while the texts are read among which similar ones are looked for."""
    from assay.review.review_app import create_review_app

    server_options = ServerOptions(host=options.host, port=options.port)
    measure, nearest = partial(measure_effect, splits, seed=options.seed), Nearest(splits)
    start_thread(nearest.prepare, "nearest")

    def make_app(address: str) -> Any:
        hosts = server_options.hosts(address)
        return create_review_app(session, nearest, measure, hosts=hosts)

    run_page(make_app, listener, host=options.host, announce=announce)


def _open_session(
    splits: Splits,
    suspects: Sequence[Suspect],
    journal: Journal,
    out: Path,
    names: RowNames,
) -> ReviewSession:
    """Note in the journal that a review begins, and take in what was decided before."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    journal.append(Start(now, splits.source, len(suspects)))
    session = ReviewSession(
        suspects, splits.label_set, journal, out, by=current_user(), names=names
    )
    if n := session.n_elsewhere:
        logger.warning(
            "decisions on rows that this audit does not list, or that hold another text by now, "
            "stay in %s and are not written to %s: %s",
            journal.path.name,
            out.name,
            f"{n:,}",
        )
    return session


def _describe(session: ReviewSession, *, n_rows: int) -> Reviewed:
    decided = session.decided()
    return Reviewed(
        out=str(session.out),
        n_changed=decided["changed"],
        n_kept=decided["kept"],
        n_skipped=decided["skipped"],
        n_left=n_rows - sum(decided.values()),
    )
