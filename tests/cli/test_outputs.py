"""No command destroys what it reads, and each refuses at once what it could not write."""

import pytest

from _support.checkpoints import write_checkpoint
from _support.small_runs import listing, run_assay, write_data, write_rows
from assay.output_lock import lock_output

COSTS = '{"sadness": {"joy": 1}}'


@pytest.fixture
def place(tmp_path):
    """Everything that commands read, in one folder."""
    write_data(tmp_path / "data")
    write_rows(tmp_path / "t.csv", ["a", "b", "c"], ["x", "y", "x"])
    (tmp_path / "i.csv").write_text("kind,split,row,text,label,proposed_label,text_sha256,accept\n")
    (tmp_path / "old").mkdir()
    for name, content in {"i.csv": "kind\n", "cost.json": COSTS, "results.json": "{}"}.items():
        (tmp_path / "old" / name).write_text(content)
    write_checkpoint(tmp_path / "tiny", "bert")
    return tmp_path


def contents(folder):
    """Return every file below a folder and what it holds."""
    return {name: (folder / name).read_bytes() for name in listing(folder) if "." in name}


@pytest.mark.parametrize(
    ("args", "held"),
    [
        ("explore data --out data", "the data"),
        ("explore t.csv --out ./data/../t.csv", "the data"),
        ("audit t.csv --out t.csv", "the data"),
        ("export model --format onnx --data data --out data", "the data"),
        ("fix t.csv --decisions i.csv --out i.csv", "the decisions"),
        ("fix data --decisions old/i.csv --out old", "the decisions"),
        ("run data --methods majority --corrections old/i.csv --out old", "the corrections"),
        ("run data --methods features --checkpoint tiny --out tiny", "the checkpoint"),
        ("run data --methods linear --cost old/cost.json --out old", "the costs"),
        ("train data --method majority --corrections old/i.csv --out old", "the corrections"),
        ("train data --method features --checkpoint tiny --out tiny", "the checkpoint"),
        ("train data --method linear --cost old/cost.json --out old", "the costs"),
        ("evaluate model t.csv --label-map i.csv --out i.csv", "the map of labels"),
        ("review t.csv --issues i.csv --out i.csv --resume", "the data"),
    ],
)
def test_no_input_is_destroyed_by_its_output(place, args, held):
    """Neither the data nor what else is read, even if what is there may be replaced."""
    command, *rest = args.split()
    before = contents(place)
    more = [] if command == "review" else ["--overwrite"]
    done = run_assay(command, *rest, *more, cwd=place, is_forked=True)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"holds {held} itself: writing there would destroy it" in done.stderr
    assert contents(place) == before


@pytest.mark.parametrize(
    ("out", "args"),
    [
        ("issues.csv", "audit nothing-there.csv"),
        ("rows.csv", "evaluate no-model nothing-there.csv"),
        ("next.csv", "next no-model nothing-there.csv"),
        ("copy", "export no-model --format onnx"),
        ("figures", "explore nothing-there.csv"),
        ("features.npz", "embed nothing-there.csv"),
        ("map.html", "map nothing-there.csv"),
        ("fixed.csv", "fix t.csv --decisions nothing-there.csv"),
        ("fixed", "fix data --decisions nothing-there.csv"),
    ],
)
def test_second_writer_is_refused_before_it_reads_anything(place, out, args):
    """Not after an hour of work, and without a word about what it was given."""
    with lock_output(place / out):
        before = listing(place)
        done = run_assay(*args.split(), "--out", out, cwd=place, is_forked=True)
        assert listing(place) == before
    assert done.returncode == 4, done.stderr
    assert f"{out} is being written by another process" in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        "explore nothing-there.csv --out data",
        "embed nothing-there.csv --out t.npz",
        "map nothing-there.csv --out m.html",
        "map nothing-there.csv --out new.html --png m.png",
        "export no-model --format onnx --out data",
    ],
)
def test_output_that_exists_is_refused_before_anything_is_read(place, args):
    """The data may be large."""
    for name in ("t.npz", "m.html", "m.png"):
        (place / name).touch()
    done = run_assay(*args.split(), cwd=place, is_forked=True)
    assert done.returncode == 2
    assert "exists already" in done.stderr
