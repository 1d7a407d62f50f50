"""Killed at any moment and run again with `resume`: the same bytes as those of one uninterrupted call.

These are also the tests of resumable_output, finished_chunk, identity and chunks.
"""

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _support.small_models import WORDS
from assay.batch import chunks, predict_file
from assay.data.files.readers import read_rows
from assay.errors import DataError, InputError, OutputExistsError
from assay.progress import Progress
from assay.runtime import load_model

FORMATS = ["csv", "tsv", "jsonl", "csv.gz", "jsonl.gz", "parquet"]
CHUNK_ROWS = 7


@pytest.fixture(scope="module")
def model(linear_folder):
    """Load the small model."""
    return load_model(linear_folder)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_ROWS", CHUNK_ROWS)


IS_BAD = [
    n % 6 == 5 or CHUNK_ROWS <= n < 2 * CHUNK_ROWS for n in range(40)
]  # the whole second chunk, and some
N_EACH = (IS_BAD.count(False), IS_BAD.count(True))  # texts and rejected rows


def write_input(path):
    """Write JSON Lines with repeated texts and broken lines."""
    words = [word for some in WORDS.values() for word in some]
    lines = [
        "{broken" if is_bad else json.dumps({"n": n, "text": words[n % 9]}, ensure_ascii=False)
        for n, is_bad in enumerate(IS_BAD)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def written(folder, name):
    """Return the bytes of an output and of its list of rejected rows."""
    found = {
        path.name: path.read_bytes() for path in folder.iterdir() if path.name.startswith(name)
    }
    assert set(found) <= {name, f"{name}.rejected.jsonl"}, found.keys()
    return dict(sorted(found.items()))


class StopAt(Progress):
    """Raises at the n-th step, as Ctrl-C does."""

    def __init__(self, n, kind=KeyboardInterrupt):
        self.left = n
        self.kind = kind

    def track(self, name, n_steps):
        """Count the steps of prediction."""

        def advance(n_done):
            self.left -= name == "predict"
            if self.left == 0:
                raise self.kind("stop")

        return nullcontext(advance)


def n_steps_of_all(model, source, tmp_path):
    """Return how often progress moves in a call in one go."""
    steps = StopAt(1000)
    predict_file(model, source, tmp_path / "steps.csv", progress=steps)
    return 1000 - steps.left


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
def test_killed_at_every_step_and_resumed_is_as_in_one_go(model, predict_until, tmp_path, suffix):
    """Killed before each thing that lasts (file written, moved, deleted), then resumed: the same bytes, no rest.

    Every resumed process is killed as well, a few steps further on, until one comes through.
    """
    source = write_input(tmp_path / "in.jsonl")
    predict_file(model, source, tmp_path / f"whole.{suffix}")
    expected = written(tmp_path, f"whole.{suffix}")
    assert len(expected) == 2
    out = tmp_path / f"out.{suffix}"
    n_killed, moment = 0, 2
    while (
        code := predict_until(
            source, out, moment=moment, chunk_rows=CHUNK_ROWS, resume=n_killed > 0
        )
    ) != 0:
        assert code == -signal.SIGKILL
        n_killed += 1
        # Far enough to finish a chunk at times, and each kind of step is hit in turn: a resumed
        # call takes several steps until it is where it was.
        moment = 4 + n_killed % 11
        assert n_killed < 60
    assert n_killed >= 6
    found = written(tmp_path, f"out.{suffix}")
    assert list(found.values()) == [expected[name.replace("out.", "whole.", 1)] for name in found]
    assert len(found) == 2


@pytest.mark.parametrize("n_steps", [None, 2, 3, 4, 5])
def test_types_are_the_same_when_resumed(model, tmp_path, n_steps):
    """In Parquet, nulls wait for their first value and whole numbers become floats: no row is lost."""
    rows = [{"late": None, "n": i, "never": None, "text": f"happy {i}"} for i in range(30)]
    rows[20]["late"], rows[12]["n"], rows[25]["n"] = {"day": [1]}, 2**53, 10.5
    source, out = tmp_path / "in.jsonl", tmp_path / "out.parquet"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if n_steps is not None:
        with pytest.raises(KeyboardInterrupt, match="stop"):
            predict_file(model, source, out, progress=StopAt(n_steps))
    assert predict_file(model, source, out, resume=True).n_rejected == 0
    found = [row.values for row in read_rows(out)]
    assert [{name: row[name] for name in rows[0]} for row in found] == rows


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("n_steps", [3, 5, 7])
def test_interrupted_call_goes_on(model, tmp_path, suffix, n_steps):
    """Ctrl-C keeps the whole shards in OUT.partial; going on scores the others only."""
    source = write_input(tmp_path / "in.jsonl")
    predict_file(model, source, tmp_path / f"whole.{suffix}")
    out = tmp_path / f"out.{suffix}"
    with pytest.raises(KeyboardInterrupt, match="stop"):
        predict_file(model, source, out, progress=StopAt(n_steps))
    assert out.with_name(f"{out.name}.partial").is_dir()
    assert not out.exists()
    steps = StopAt(1000)
    predict_file(model, source, out, resume=True, progress=steps)
    assert 1000 - steps.left < n_steps_of_all(model, source, tmp_path)
    expected = written(tmp_path, f"whole.{suffix}")
    assert list(written(tmp_path, out.name).values()) == list(expected.values())


def test_work_is_thrown_away_only_when_asked(model, tmp_path):
    """Without `resume` and `overwrite` finished chunks stay; with `overwrite` all starts afresh."""
    source, out = write_input(tmp_path / "in.jsonl"), tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        predict_file(model, source, out, progress=StopAt(4))
    with pytest.raises(OutputExistsError, match="holds the work of a call that was interrupted"):
        predict_file(model, source, out)
    summary = predict_file(model, source, out, overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {
        "in.jsonl",
        "out.csv",
        "out.csv.rejected.jsonl",
    }
    assert (summary.n_texts, summary.n_rejected) == N_EACH


def test_resume_with_nothing_to_resume_is_an_ordinary_call(model, tmp_path):
    """A script can always say `resume`."""
    source = write_input(tmp_path / "in.jsonl")
    assert predict_file(model, source, tmp_path / "out.csv", resume=True).n_texts == N_EACH[0]
    with pytest.raises(OutputExistsError, match=r"out\.csv exists already"):
        predict_file(model, source, tmp_path / "out.csv", resume=True)


def stopped(model, tmp_path, **options):
    """Interrupt a call when two shards are done; return input and output."""
    source, out = write_input(tmp_path / "in.jsonl"), tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        predict_file(model, source, out, progress=StopAt(5), **options)
    return source, out


def listing(folder):
    """Return every file with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"top_k": 1}, "options"),
        ({"with_scope": True}, "options"),
        ({"encoding": "cp949"}, "options"),
    ],
    ids=["top_k", "scope", "encoding"],
)
def test_other_options_do_not_resume(model, tmp_path, options, named):
    """What would not fit what is there is refused by name, and what is there stays."""
    source, out = stopped(model, tmp_path)
    before = listing(tmp_path)
    with pytest.raises(
        InputError, match=rf"out\.jsonl\.partial cannot be resumed: other {named} than"
    ):
        predict_file(model, source, out, resume=True, **options)
    assert listing(tmp_path) == before


def test_changed_input_does_not_resume(model, tmp_path):
    """A row more, and the same bytes at another time, are refused."""
    source, out = stopped(model, tmp_path)
    facts, content = source.stat(), source.read_bytes()
    before = listing(out.with_name("out.jsonl.partial"))
    for changed, ns in [(content + b"\n", facts.st_mtime_ns), (content, facts.st_mtime_ns + 1)]:
        source.write_bytes(changed)
        os.utime(source, ns=(ns, ns))
        with pytest.raises(InputError, match="other input than in the interrupted call"):
            predict_file(model, source, out, resume=True)
    assert listing(out.with_name("out.jsonl.partial")) == before


def test_changed_rows_are_refused_and_nothing_is_lost(model, tmp_path):
    """Rows that are not those of before are found though size and time are: the partial output stays as it is."""
    source, out = stopped(model, tmp_path)
    facts = source.stat()
    source.write_text(
        source.read_text(encoding="utf-8").replace('"n": 1,', '"n": 7,'), encoding="utf-8"
    )
    os.utime(source, ns=(facts.st_mtime_ns, facts.st_mtime_ns))
    before = listing(tmp_path)
    with pytest.raises(
        InputError, match=r"cannot be resumed: other input than in the interrupted call"
    ):
        predict_file(model, source, out, resume=True)
    assert listing(tmp_path).keys() == before.keys()


def test_other_model_does_not_resume(model, linear_folder, tmp_path):
    """Another model's scores would not be those of the first rows."""
    source, out = stopped(model, tmp_path)
    other = shutil.copytree(linear_folder, tmp_path / "model")
    content = json.loads((other / "assay.json").read_text())
    content["abstain"] = {"threshold": 0.9}
    (other / "assay.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="other model than"):
        predict_file(other, source, out, resume=True)
    content["abstain"], content["scores"] = (
        {},
        [],
    )  # what was measured of a model is no part of what it scores
    (other / "assay.json").write_text(json.dumps(content))
    assert predict_file(other, source, out, resume=True).n_texts == N_EACH[0]


def test_damaged_partial_is_refused(model, tmp_path):
    """A journal or data that somebody cut are said; starting afresh works."""
    source, out = stopped(model, tmp_path)
    partial = out.with_name("out.jsonl.partial")
    kept = (partial / "data").read_bytes()
    (partial / "data").write_bytes(kept[:10])
    with pytest.raises(
        InputError, match="cannot be resumed: data is shorter than its journal says"
    ):
        predict_file(model, source, out, resume=True)
    (partial / "shards.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="cannot be resumed: it is damaged"):
        predict_file(model, source, out, resume=True)
    assert predict_file(model, source, out, overwrite=True).n_texts == N_EACH[0]


def test_foreign_folder_is_never_deleted(model, tmp_path):
    """A folder that happens to be called OUT.partial is left alone."""
    source = write_input(tmp_path / "in.jsonl")
    (tmp_path / "out.csv.partial").mkdir()
    (tmp_path / "out.csv.partial" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"out\.csv\.partial is in the way"):
        predict_file(model, source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv.partial" / "thesis.txt").read_text() == "mine"


def test_strict_leaves_nothing(model, tmp_path):
    """A bad row in a later shard stops the work, and since the input must change, nothing is kept."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "a"}\n' * 20 + "{broken\n")
    with pytest.raises(DataError, match=r"in\.jsonl line 21: not JSON"):
        predict_file(model, source, tmp_path / "out.csv", strict=True)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_input_that_changes_while_it_is_read_is_refused(model, tmp_path):
    """A file that grows meanwhile has no one result."""
    source = write_input(tmp_path / "in.jsonl")

    class Growing(Progress):
        def track(self, name, n_steps):
            """Append a row as soon as there is progress."""
            return nullcontext(
                lambda n: source.write_text(source.read_text() + '{"text": "more"}\n')
            )

    with pytest.raises(DataError, match=r"in\.jsonl was changed while it was read"):
        predict_file(model, source, tmp_path / "out.csv", progress=Growing())
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_stream_keeps_nothing(model, tmp_path):
    """Standard input cannot be read again: an interrupted call leaves nothing that would look resumable."""
    with (tmp_path / "in.txt").open("wb+") as stream:
        stream.write(b"happy day\n" * 40)
        stream.seek(0)
        with pytest.raises(KeyboardInterrupt):
            predict_file(model, stream, tmp_path / "out.jsonl", progress=StopAt(4))
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]


ROWS = st.lists(
    st.one_of(
        st.sampled_from(["happy", "sad", "", "오늘"]),
        st.text(max_size=6),
        st.just(None),
        st.just(["no text"]),
    ),
    max_size=24,
)


@settings(max_examples=20, deadline=None)
@given(rows=ROWS, stops=st.lists(st.integers(1, 6), max_size=3), suffix=st.sampled_from(FORMATS))
def test_any_rows_interrupted_anywhere_come_back_once(model, tmp_path_factory, rows, stops, suffix):
    """Whatever the rows and the moments: nothing twice, nothing missing, in order, the same bytes."""
    folder = tmp_path_factory.mktemp("any")
    source = folder / "in.jsonl"
    source.write_text(
        "".join(json.dumps({"i": i, "text": text}) + "\n" for i, text in enumerate(rows))
    )
    if not rows:
        with pytest.raises(DataError, match="it has no rows"):
            predict_file(model, source, folder / f"out.{suffix}")
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_ROWS", 4)
        summary = predict_file(model, source, folder / f"whole.{suffix}")
        for stop in stops:
            try:
                predict_file(
                    model, source, folder / f"out.{suffix}", resume=True, progress=StopAt(stop)
                )
            except KeyboardInterrupt:
                continue
            break
        else:
            assert predict_file(model, source, folder / f"out.{suffix}", resume=True) == type(
                summary
            )(
                str(folder / f"out.{suffix}"),
                summary.n_texts,
                summary.n_rejected,
                str(folder / f"out.{suffix}.rejected.jsonl") if summary.n_rejected else None,
                summary.blank,
                summary.unseen,
            )
    expected, found = written(folder, f"whole.{suffix}"), written(folder, f"out.{suffix}")
    assert list(found.values()) == list(expected.values())
    good = [i for i, text in enumerate(rows) if not isinstance(text, list)]
    assert summary.n_texts + summary.n_rejected == len(rows)
    if good:
        assert [int(row.values["i"]) for row in read_rows(folder / f"out.{suffix}")] == good


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals are otherwise there")
@pytest.mark.parametrize("n_shards", [1, 3])
def test_command_line_killed_and_resumed(model, linear_folder, tmp_path, n_shards):
    """`assay predict`, killed with -9 when some shards are there, and `--resume`: as in one go, gzip and all."""
    source, out = tmp_path / "in.csv", tmp_path / "out.csv.gz"
    source.write_text(
        "id,text\n" + "".join(f"{i},happy day {i}\n" for i in range(6_000)), encoding="utf-8"
    )
    start = "import assay.batch.chunks as c; c.CHUNK_ROWS = 400; from assay.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        start,
        "predict",
        str(linear_folder),
        str(source),
        "--out",
        str(out),
        "--quiet",
    ]
    journal = tmp_path / "out.csv.gz.partial" / "shards.jsonl"
    process = subprocess.Popen(command)
    started_s = time.monotonic()
    while not journal.is_file() or journal.read_bytes().count(b"\n") < n_shards:
        assert process.poll() is None
        assert time.monotonic() - started_s < 60
        time.sleep(0.002)  # between two looks at the disk: there is no other sign of a shard
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    assert subprocess.run([*command, "--resume"], check=False).returncode == 0
    assert (
        subprocess.run(
            [*command[:-2], str(tmp_path / "whole.csv.gz"), "--quiet"], check=False
        ).returncode
        == 0
    )
    assert out.read_bytes() == (tmp_path / "whole.csv.gz").read_bytes()
    lines = gzip.decompress(out.read_bytes()).decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [str(i) for i in range(6_000)]
