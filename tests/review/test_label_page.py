"""`assay label` before and after its page: what is refused, and what a resumed command goes on with.

Tests assay.cli.label_command, assay.cli.next_command, assay.cli.review_command and assay.cli.page_announcer, too.
"""

import errno
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from assay.errors import InputError, OutputExistsError, OutsideError
from assay.output_lock import lock_output
from assay.review.events import Answer, Decision, line_of_event
from assay.review.journal import journal_path
from assay.review.label_page import LabelOptions, label_pool
from assay.server.address import open_listener


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"labels": ()}, "no labels to begin with"),
        ({"labels": ("joy", " ")}, "a label is empty"),
        ({"labels": ("joy", "joy ")}, "given twice"),
        ({"labels": ("caf\u00e9", "cafe\u0301")}, "given twice"),
        ({"labels": ("joy", "x" * 201)}, "has 201 characters; 1 to 200 are accepted"),
        ({"labels": tuple(map(str, range(1_001)))}, "1,001 labels are given; at most 1,000"),
    ],
)
def test_labels_are_checked_first(pool_file, tmp_path, options, match):
    """Before the page opens; nothing is left behind."""
    with pytest.raises(InputError, match=match):
        label_pool(pool_file, tmp_path / "l.jsonl", options=LabelOptions(**options))
    assert not (tmp_path / "l.jsonl").exists()


def test_pool_is_never_the_output(pool_file):
    """Writing there would destroy it."""
    with pytest.raises(InputError, match="holds the data itself"):
        label_pool(pool_file, pool_file, options=LabelOptions(port=0, labels=("a", "b")))


def test_pool_is_never_the_journal(tmp_path):
    """Decisions would be appended to the texts."""
    pool = tmp_path / "l.jsonl.journal"
    pool.write_text("text\none\ntwo\n", encoding="utf-8")
    options = LabelOptions(port=0, labels=("a", "b"), resume=True)
    with pytest.raises(InputError, match="holds the data itself"):
        label_pool(pool, tmp_path / "l.jsonl", options=options)
    assert pool.read_text(encoding="utf-8") == "text\none\ntwo\n"


@pytest.mark.parametrize(
    ("name", "hint"), [("l.jsonl", "another --out"), ("l.jsonl.journal", "add --resume")]
)
def test_earlier_decisions_are_never_thrown_away(pool_file, tmp_path, name, hint):
    """They are hours of work: --resume where there is a journal, or another place."""
    (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(OutputExistsError, match="is there already") as caught:
        label_pool(pool_file, tmp_path / "l.jsonl", options=LabelOptions(port=0, labels=("a", "b")))
    assert hint in caught.value.hint


def test_file_of_another_origin_is_not_resumed(pool_file, tmp_path):
    """Without its journal a file would be replaced by no decisions at all."""
    out = tmp_path / "l.jsonl"
    out.write_text('{"text": "one", "label": "a"}\n', encoding="utf-8")
    options = LabelOptions(port=0, labels=("a", "b"), resume=True)
    with pytest.raises(InputError, match=r"without its decisions, l\.jsonl\.journal"):
        label_pool(pool_file, out, options=options)
    assert out.read_text(encoding="utf-8") == '{"text": "one", "label": "a"}\n'


def test_two_pages_on_one_file_are_refused(pool_file, tmp_path):
    """The second command ends at once; a thread has no locks of its own yet, as a process."""
    out, options = tmp_path / "l.jsonl", LabelOptions(port=0, labels=("a", "b"))
    with lock_output(out), ThreadPoolExecutor(1) as second:
        work = second.submit(label_pool, pool_file, out, options=options)
        with pytest.raises(OutsideError, match="another process"):
            work.result(60)


def test_full_disk_at_the_end_says_where_the_decisions_are(pool_file, tmp_path, monkeypatch):
    """The output cannot be written; the journal has everything, and --resume writes it."""

    def refuse(*args, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    options = LabelOptions(port=0, labels=("a", "b"), checkpoint="terms")
    monkeypatch.setattr("assay.review.label_page.run_page", lambda *args, **more: None)
    with monkeypatch.context() as full:
        full.setattr("assay.review.session.write_labelled", refuse)
        with pytest.raises(OutsideError, match="No space left") as caught:
            label_pool(pool_file, tmp_path / "l.jsonl", options=options)
    assert "every decision is in l.jsonl.journal" in caught.value.hint
    label_pool(pool_file, tmp_path / "l.jsonl", options=replace(options, resume=True))
    assert (tmp_path / "l.jsonl").is_file()


def test_resumed_labels_are_added_once(pool_file, tmp_path, monkeypatch):
    """A label that was renamed does not come back when the command line names it again."""
    out = tmp_path / "l.jsonl"
    monkeypatch.setattr("assay.review.label_page.run_page", lambda *args, **more: None)
    label_pool(pool_file, out, options=LabelOptions(port=0, labels=("a", "b"), checkpoint="terms"))
    journal = journal_path(out)
    line = {"kind": "rename", "id": "r", "at": "", "label": "a", "to": "c"}
    with journal.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
    options = LabelOptions(port=0, labels=("a", "b", "d"), checkpoint="terms", resume=True)
    done = label_pool(pool_file, out, options=options)
    assert list(done.n_per_label) == ["c", "b", "d"]


def test_taken_port_leaves_nothing_that_stands_in_the_way(pool_file, tmp_path):
    """The command can be run again with another port, without --resume."""
    out = tmp_path / "l.jsonl"
    with open_listener("127.0.0.1", 0) as taken:
        options = LabelOptions(port=taken.getsockname()[1], labels=("a", "b"), checkpoint="terms")
        with pytest.raises(OutsideError, match="is taken"):
            label_pool(pool_file, out, options=options)
    assert not journal_path(out).exists()


def resume(monkeypatch, pool_file, out, lines, **options):
    """Open a session again after events were appended to its journal, and end it."""
    monkeypatch.setattr("assay.review.label_page.run_page", lambda *args, **more: None)
    with journal_path(out).open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(line) + "\n" for line in lines)
    options = LabelOptions(port=0, checkpoint="terms", resume=True, **options)
    return label_pool(pool_file, out, options=options)


def test_several_labels_go_on_without_the_flag(pool_file, tmp_path, monkeypatch):
    """A resumed command wrote one label of each text, and broke on a text without any."""
    out = tmp_path / "l.jsonl"
    options = LabelOptions(port=0, labels=("a", "b"), several=True, checkpoint="terms")
    monkeypatch.setattr("assay.review.label_page.run_page", lambda *args, **more: None)
    label_pool(pool_file, out, options=options)
    decided = [
        Decision("1", "", "", 1, "one", ("a", "b")),
        Decision("2", "", "", 2, "two"),
    ]
    lines = [json.loads(line_of_event(one)) for one in decided]
    assert resume(monkeypatch, pool_file, out, lines).several
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [(row["text"], row["labels"]) for row in rows] == [("one", ["a", "b"]), ("two", [])]


def test_decisions_of_a_review_are_not_written_over(pool_file, tmp_path):
    """Its journal is beside the output, under the same name."""
    out = tmp_path / "d.csv"
    out.write_text("decisions", encoding="utf-8")
    line = line_of_event(Answer("1", "", "", ("all 2",)))
    journal_path(out).write_text(line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="decisions of `assay review`"):
        label_pool(pool_file, out, options=LabelOptions(port=0, labels=("a",), resume=True))
    assert out.read_text(encoding="utf-8") == "decisions"
