"""`label_pool`: open a pool, serve the page, and leave the labelled texts behind."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.checkpoints.aliases import AUTO
from assay.data.files.reading import ReadingOptions
from assay.disk import refusals_of_disk
from assay.errors import InputError, OutsideError
from assay.output_lock import lock_output
from assay.output_place import check_apart
from assay.review.adviser import Adviser
from assay.review.background import silent_cancels
from assay.review.events import Answer, Decision, Event, Start
from assay.review.journal import Journal, check_page, check_unfinished, journal_path
from assay.review.label_list import add_labels, check_labels, warn_of_spellings
from assay.review.labelled_file import check_labelled_file
from assay.review.pool import Pool, read_pool
from assay.review.session import LabelSession
from assay.server.address import Listener, open_listener
from assay.server.listen import make_uvicorn, plain_end, quick_switching
from assay.server.options import ServerOptions, bracket_host

__all__ = ["LabelOptions", "Labelled", "current_user", "label_pool", "run_page", "write_at_end"]

Announce = Callable[[str, int], None]


@dataclass(frozen=True)
class LabelOptions:
    """How a pool is labelled.

    Parameters
    ----------
    labels : tuple of str
        Labels to begin with; more can be added on the page.
    several : bool
        Whether a text can have several labels; what was begun so goes on so.
    checkpoint : str
        What texts are read by: see `open_vectors`.
    text_column : str, optional
    reading : ReadingOptions
        How the pool is read.
    host : str
        Address to listen on, of this machine only.
    port : int
        0: any free one.
    seed : int
    resume : bool
        Go on with the decisions that are there.
    """

    labels: tuple[str, ...] = ()
    several: bool = False
    checkpoint: str = AUTO
    text_column: str | None = None
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    host: str = "127.0.0.1"
    port: int = 8001
    seed: int = 0
    resume: bool = False


@dataclass(frozen=True)
class Labelled:
    """What a session left behind.

    Parameters
    ----------
    out : str
    n_labelled, n_skipped, n_left : int
        Texts with a label, skipped texts, and texts of the pool that wait.
    n_per_label : dict of str to int
    minutes : float
        Time that was spent on the decisions.
    several : bool
        Whether a text could have several labels.
    """

    out: str
    n_labelled: int
    n_skipped: int
    n_left: int
    n_per_label: dict[str, int]
    minutes: float
    several: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "out": self.out,
            "n_labelled": self.n_labelled,
            "n_skipped": self.n_skipped,
            "n_left": self.n_left,
            "n_per_label": self.n_per_label,
            "minutes": round(self.minutes, 1),
        }


def label_pool(
    source: str | Path,
    out: str | Path,
    *,
    options: LabelOptions | None = None,
    announce: Announce = lambda url, n_texts: None,
) -> Labelled:
    """Label the texts of a file on a page, until SIGTERM or Ctrl-C.

    Parameters
    ----------
    source : path
        The pool: any file that `assay predict` reads.
    out : path
        ``.jsonl``, ``.csv`` or ``.tsv``. Decisions are kept in ``OUT.journal`` one by one.
    options : LabelOptions, optional
    announce : callable
        Called with the URL and the number of texts once the page can be opened.

    Raises
    ------
    InputError
        The pool, a label or the output cannot be used; or there are decisions already, and
        `options.resume` is False.
    OutsideError
        The disk refused, another process labels into `out`, or the port is taken.
    MissingDependencyError
        The extra `serve` is not installed.
    """
    for name in ("uvicorn", "starlette"):
        require(name)
    options, out = options or LabelOptions(), Path(out)
    check_labelled_file(out, several=options.several)
    for own in (out, journal_path(out)):
        check_apart(source, own)
    labels = check_labels(options.labels)
    with refusals_of_disk(out), lock_output(out):
        check_unfinished(out, resume=options.resume)
        pool = read_pool(source, text_column=options.text_column, **options.reading)
        out.parent.mkdir(parents=True, exist_ok=True)
        # The port first: where it is taken, no journal is left that asks for --resume
        with (
            closing(open_listener(options.host, options.port)) as listener,
            closing(Journal(journal_path(out))) as journal,
        ):
            session = _open_session(pool, labels, journal, out, options)
            _serve(session, options, listener, announce=lambda url: announce(url, len(pool)))
            write_at_end(session.write, out, journal)
    return _describe(session)


def _open_session(
    pool: Pool, labels: Sequence[str], journal: Journal, out: Path, options: LabelOptions
) -> LabelSession:
    """Note in the journal that labelling begins, and take in what was decided before."""
    check_page(journal, refused=(Answer,), command="assay review")
    _check_labels_known(labels, journal)
    several = options.several or _has_several(journal.events)
    check_labelled_file(out, several=several)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    journal.append(Start(now, pool.source, len(pool), several))
    add_labels(labels, journal, now)
    session = LabelSession(
        pool, journal, out, several=several, by=current_user(), seed=options.seed
    )
    warn_of_spellings(session.labelling.labels)
    return session


def _serve(
    session: LabelSession,
    options: LabelOptions,
    listener: Listener,
    *,
    announce: Callable[[str], None],
) -> None:
    """Answer the page, with the adviser at work beside it."""
    from assay.review.label_app import create_label_app

    adviser = Adviser(session, checkpoint=options.checkpoint, seed=options.seed)
    server_options = ServerOptions(host=options.host, port=options.port)

    def make_app(address: str) -> Any:
        return create_label_app(session, adviser, hosts=server_options.hosts(address))

    adviser.start()
    try:
        run_page(make_app, listener, host=options.host, announce=announce)
    finally:
        adviser.stop()


def run_page(
    make_app: Callable[[str], Any],
    listener: Listener,
    *,
    host: str,
    announce: Callable[[str], None],
) -> None:
    """Serve an application until SIGTERM or Ctrl-C.

    Parameters
    ----------
    make_app : callable
        Takes the address that is listened on.
    listener : socket
        As `open_listener` returns it.
    host : str
        What the URL calls the machine.
    announce : callable
        Called with the URL.
    """
    uvicorn = require("uvicorn")
    address, own_port = listener.getsockname()[:2]
    config = uvicorn.Config(
        make_app(address),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    url = f"http://{bracket_host(host)}:{own_port}"
    server = make_uvicorn(config, on_start=lambda: announce(url))
    with plain_end(server), quick_switching(), silent_cancels():
        server.run(sockets=[listener])


def write_at_end(write: Callable[[], None], out: Path, journal: Journal) -> None:
    """Write the output from the decisions, and say where these are if the disk refuses.

    Raises
    ------
    OutsideError
        The disk refused.
    """
    try:
        write()
    except OSError as err:
        raise OutsideError(
            f"{out} could not be written: {err.strerror or err}",
            hint=f"every decision is in {journal.path.name}: make room, and --resume writes "
            f"{out.name} from it",
        ) from err


def _check_labels_known(labels: Sequence[str], journal: Journal) -> None:
    """Refuse to begin without a label."""
    if not labels and not journal.events:
        raise InputError(
            "there are no labels to begin with; --labels joy,anger is accepted",
            hint="more labels can be added on the page",
        )


def _has_several(events: Iterable[Event]) -> bool:
    """Tell whether texts were labelled before with any number of labels each."""
    for event in events:
        if isinstance(event, Start) and event.several:
            return True
        if isinstance(event, Decision) and not event.is_skip and len(event.labels) != 1:
            return True
    return False


def current_user() -> str:
    """Return the name of who is logged in; empty if it cannot be told."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container without an entry for its user
        return ""


def _describe(session: LabelSession) -> Labelled:
    labelling = session.labelling
    n_labelled = len(labelling.labelled())
    return Labelled(
        out=str(session.out),
        n_labelled=n_labelled,
        n_skipped=len(labelling) - n_labelled,
        n_left=session.n_left,
        n_per_label=labelling.counts(),
        minutes=labelling.seconds() / 60,
        several=session.several,
    )
