"""Files and folders are written whole or not at all, and nothing that was there is lost on the way."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from assay.disk import atomic_file, atomic_files, atomic_folder, check_output, write_whole
from assay.errors import InputError, OutputExistsError, OutsideError


def write_something(out: Path, content: str = "new", **options: object) -> None:
    with atomic_folder(out, **options) as root:
        (root / "file.txt").write_text(content)


def write_half(out: Path, kind: type[BaseException], **options: object) -> None:
    with atomic_folder(out, **options) as root:
        (root / "half.txt").write_text("half")
        raise kind("stop")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_atomic_folder_appears_when_it_is_whole(tmp_path):
    """While it is written OUT is not there; afterwards it is, with parents made, and nothing is beside it."""
    out = tmp_path / "runs" / "first"
    with atomic_folder(out) as root:
        (root / "file.txt").write_text("new")
        assert not out.exists()
    assert (out / "file.txt").read_text() == "new"
    assert names(out.parent) == {"first"}


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_atomic_folder_leaves_nothing_after_an_exception(tmp_path, kind):
    """Whatever cuts the work short, Ctrl-C too, no half of OUT is left, and the exception goes on."""
    with pytest.raises(kind, match="stop"):
        write_half(tmp_path / "out", kind)
    assert names(tmp_path) == set()


def test_existing_output_is_refused_before_any_work(tmp_path):
    """OUT that is there stays, and the block is never entered."""
    write_something(tmp_path / "out", "old")
    with pytest.raises(
        OutputExistsError, match=r"out exists already \(choose another out, or add overwrite=True"
    ):
        write_something(tmp_path / "out")
    assert (tmp_path / "out" / "file.txt").read_text() == "old"


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_output_without_a_name_is_refused(name):
    """The working folder itself can be no output, overwriting or not."""
    with pytest.raises(InputError, match="cannot be an output; a new name is accepted"):
        check_output(Path(name), overwrite=True)


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes here")
@pytest.mark.parametrize("overwrite", [True, False])
def test_output_of_another_kind_is_refused(tmp_path, overwrite):
    """A folder where a file is written, a device or a pipe: no work would bring them to an end."""
    os.mkfifo(tmp_path / "pipe.csv")
    for is_folder in (True, False):
        for out in (tmp_path / "pipe.csv", Path("/dev/null")):
            with pytest.raises(InputError, match=f"{out.name} is a device or a pipe"):
                check_output(out, overwrite=overwrite, is_folder=is_folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty is a folder; the path of a file is accepted"):
        check_output(tmp_path / "empty", overwrite=overwrite)


def test_overwrite_replaces_the_whole_folder(tmp_path):
    """Nothing of the old OUT is left in the new one; folders beside it are nobody's business."""
    write_something(tmp_path / "out", "old")
    (tmp_path / "out" / "old.txt").write_text("old")
    write_something(tmp_path / "out.old", "mine")
    write_something(tmp_path / "out", overwrite=True)
    assert names(tmp_path) == {"out", "out.old"}
    assert names(tmp_path / "out") == {"file.txt"}
    assert (tmp_path / "out.old" / "file.txt").read_text() == "mine"


def test_overwrite_keeps_the_old_folder_on_failure(tmp_path):
    """Until the new OUT is whole, the old one is the one that counts."""
    write_something(tmp_path / "out", "old")
    with pytest.raises(ValueError, match="stop"), atomic_folder(tmp_path / "out", overwrite=True):
        raise ValueError("stop")
    assert names(tmp_path) == {"out"}
    assert (tmp_path / "out" / "file.txt").read_text() == "old"


def test_overwrite_puts_the_old_folder_back_if_the_last_move_fails(tmp_path):
    """Should the new folder be lost at the very end, the old one is in its place again."""
    write_something(tmp_path / "out", "old")
    with (
        pytest.raises(OutsideError, match="out could not be written"),
        atomic_folder(tmp_path / "out", overwrite=True) as root,
    ):
        shutil.rmtree(root)
    assert names(tmp_path) == {"out"}
    assert (tmp_path / "out" / "file.txt").read_text() == "old"


@pytest.mark.parametrize("points_to", ["folder", "file", "nothing"])
def test_overwrite_replaces_a_link_and_not_what_it_points_to(tmp_path, points_to):
    """A link is replaced by the folder; the folder or file behind it stays as it is."""
    target = tmp_path / "target"
    if points_to == "folder":
        write_something(target, "kept")
    elif points_to == "file":
        target.write_text("kept")
    (tmp_path / "out").symlink_to(target)
    with pytest.raises(OutputExistsError, match="out exists already"):
        write_something(tmp_path / "out")
    write_something(tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out").is_symlink()
    assert (tmp_path / "out" / "file.txt").read_text() == "new"
    assert names(tmp_path) == {"out"} | ({"target"} if points_to != "nothing" else set())


def test_overwrite_replaces_a_file(tmp_path):
    """OUT may have been a plain file."""
    (tmp_path / "out").write_text("old")
    write_something(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out" / "file.txt").read_text() == "new"


def cut_short_run(out, *, keep):
    """Write half of a folder, then be interrupted."""
    with pytest.raises(KeyboardInterrupt, match="stop"):
        write_half(out, KeyboardInterrupt, keep=keep)


def test_interrupted_work_is_kept_where_it_is_of_use(tmp_path):
    """The partial folder stays if `keep` says so, is asked about itself, and `resume` goes on in it."""
    out = tmp_path / "out"
    cut_short_run(out, keep=lambda partial: (partial / "half.txt").is_file())
    assert names(tmp_path) == {"out.partial"}
    with atomic_folder(out, resume=True) as root:
        assert (root / "half.txt").read_text() == "half"
    assert names(tmp_path) == {"out"}


def test_interrupted_work_of_no_use_is_removed(tmp_path):
    """If `keep` finds nothing worth keeping, nothing is left."""
    cut_short_run(tmp_path / "out", keep=lambda partial: False)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("leftover", ["folder", "file"])
def test_work_starts_afresh_without_resume(tmp_path, leftover):
    """What an earlier run left beside OUT is not mixed into this one."""
    partial = tmp_path / "out.partial"
    if leftover == "folder":
        cut_short_run(tmp_path / "out", keep=lambda partial: True)
    else:
        partial.write_text("a file of that name")
    write_something(tmp_path / "out")
    assert names(tmp_path / "out") == {"file.txt"}


def test_kept_work_is_thrown_away_only_when_asked(tmp_path):
    """Neither `resume` nor `overwrite`: what an interrupted call finished stays, and nothing is done."""
    out = tmp_path / "out"
    cut_short_run(out, keep=lambda partial: True)
    with pytest.raises(OutputExistsError, match=r"out\.partial holds the work") as caught:
        write_something(out, keep=lambda partial: True)
    assert "--resume" in caught.value.hint
    assert names(tmp_path) == {"out.partial"}
    write_something(out, keep=lambda partial: True, overwrite=True)
    assert names(out) == {"file.txt"}


@pytest.mark.parametrize(
    "work",
    [
        "models/linear/assay.json",
        "training/training.json",
        "training/finetune/training.json",
        "_parts/0.json",
    ],
)
@pytest.mark.parametrize("keep", [None, lambda root: False])
def test_work_of_another_command_is_thrown_away_only_when_asked(tmp_path, work, keep):
    """Whatever writes OUT next, resumed or not: hours of a run are no rubbish of a training."""
    kept = tmp_path / "out.partial" / work
    kept.parent.mkdir(parents=True)
    kept.touch()
    for resume in (True, False):
        with pytest.raises(OutputExistsError, match=r"holds the work of a call .* that command"):
            write_something(tmp_path / "out", keep=keep, resume=resume)
        assert kept.exists()
    write_something(tmp_path / "out", keep=keep, overwrite=True)
    assert names(tmp_path) == {"out"}


def test_resume_without_a_partial_folder_starts_afresh(tmp_path):
    """There is nothing to go on with, and that is no error."""
    write_something(tmp_path / "out", resume=True)
    assert names(tmp_path / "out") == {"file.txt"}


def test_disk_that_refuses_is_outside(tmp_path):
    """A folder that cannot be made, and a file that cannot be written, are exit code 4 and leave nothing."""
    (tmp_path / "file").write_text("a regular file")
    with pytest.raises(OutsideError, match="model could not be written: Not a directory") as caught:
        write_something(tmp_path / "file" / "model")
    assert caught.value.exit_code == 4
    with (
        pytest.raises(OutsideError, match="out could not be written"),
        atomic_folder(tmp_path / "out") as root,
    ):
        (root / "no folder" / "file.txt").write_text("x")
    assert names(tmp_path) == {"file"}


FILL = """
import pathlib, resource, signal, sys
import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models
from assay.disk import atomic_folder
from assay.errors import OutsideError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
out = pathlib.Path(sys.argv[1])
try:
    with atomic_folder(out) as root:
        if sys.argv[2] == "safetensors":
            save_file({"weights": np.zeros(100_000, dtype=np.float32)}, root / "weights")
        else:
            vocabulary = {f"a{i}": i for i in range(1000)}
            Tokenizer(models.BPE(vocabulary, [])).save(str(root / "t.json"))
except OutsideError as err:
    print(err.message)
"""


@pytest.mark.skipif(os.name == "nt", reason="there are no limits of file sizes here")
@pytest.mark.parametrize("kind", ["safetensors", "tokenizers"])
def test_disk_that_refuses_a_library_in_rust_is_outside(tmp_path, kind):
    """Its exception is no OSError: the number in its message tells."""
    done = subprocess.run(
        [sys.executable, "-c", FILL, tmp_path / "out", kind],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.endswith("out could not be written: File too large\n")
    assert names(tmp_path) == set()


def test_other_errors_of_the_block_are_its_own(tmp_path):
    """A mistake is not the disk's fault."""
    with pytest.raises(ValueError, match="os error of mine"):
        write_half_saying(tmp_path / "out", "os error of mine")
    assert names(tmp_path) == set()


def write_half_saying(out, words):
    """Fail with these words."""
    with atomic_folder(out):
        raise ValueError(words)


def test_our_own_errors_pass_through(tmp_path):
    """An error of assay raised inside keeps its class and sentence, even one that is an OSError."""
    with pytest.raises(OutsideError, match=r"^the Hub is away$"), atomic_folder(tmp_path / "out"):
        raise OutsideError("the Hub is away")
    assert names(tmp_path) == set()


def write_half_file(path: Path, kind: type[BaseException]) -> None:
    with atomic_file(path) as partial:
        partial.write_text("half")
        raise kind("stop")


def test_file_is_written_whole(tmp_path):
    """Until it is finished the old file counts, and nothing is left beside it."""
    path = tmp_path / "file.txt"
    path.write_text("old")
    with atomic_file(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == {"file.txt"}


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt])
def test_file_stays_as_it_was_after_an_exception(tmp_path, kind):
    """Half a file is deleted, the old one stays, and the exception goes on."""
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(kind, match="stop"):
        write_half_file(path, kind)
    assert path.read_text() == "old"
    assert names(tmp_path) == {"file.txt"}


def test_file_is_flushed_before_it_is_renamed(tmp_path, monkeypatch):
    """After a power cut there must be no empty file under the final name."""
    steps = []
    flush, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (steps.append("flush"), flush(fd))[1])
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (steps.append("rename"), rename(self, to))[1]
    )
    write_whole(tmp_path / "file.txt", "new")
    assert steps[:2] == ["flush", "rename"]


def test_lone_surrogate_is_spelt_out(tmp_path):
    """The file stays valid UTF-8 whatever the text holds."""
    write_whole(tmp_path / "file.txt", "좋은 \ud800")
    assert (tmp_path / "file.txt").read_text(encoding="utf-8") == "좋은 \\ud800"


def test_writers_of_a_shared_file_do_not_meet(tmp_path):
    """Two threads write the same file at the same time: each writes its own, and one of them wins whole."""
    path = tmp_path / "shared.txt"
    both_inside = threading.Barrier(2)

    def write(content: str) -> None:
        with atomic_file(path, is_shared=True) as partial:
            partial.write_text(content)
            both_inside.wait(timeout=10)

    threads = [threading.Thread(target=write, args=(letter * 1000,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in ("a" * 1000, "b" * 1000)
    assert names(tmp_path) == {"shared.txt"}


def test_several_files_are_written_together(tmp_path):
    """All are in their places at the end, and nothing is beside them."""
    paths = [tmp_path / "map.html", tmp_path / "map.png"]
    paths[0].write_text("old")
    with atomic_files(paths) as partials:
        for partial in partials:
            partial.write_text("new")
    assert [path.read_text() for path in paths] == ["new", "new"]
    assert names(tmp_path) == {"map.html", "map.png"}


def write_files(paths: list[Path], n: int, error: Exception | None = None) -> None:
    with atomic_files(paths) as partials:
        for partial in partials[:n]:
            partial.write_text("new")
        if error is not None:
            raise error


def test_several_files_stay_as_they_were_if_one_is_not_written(tmp_path):
    """A file that the block left out, or an exception, leaves everything as it was."""
    paths = [tmp_path / "new.txt", tmp_path / "map.html"]
    paths[1].write_text("old")
    with pytest.raises(ValueError, match="stop"):
        write_files(paths, 2, ValueError("stop"))
    with pytest.raises(FileNotFoundError, match=r"map\.html\.partial"):
        write_files(paths, 1)
    assert paths[1].read_text() == "old"
    assert names(tmp_path) == {"map.html"}


def test_several_files_go_back_if_the_last_rename_fails(tmp_path, monkeypatch):
    """An error between two renames undoes the first."""
    paths = [tmp_path / "new.txt", tmp_path / "map.html"]
    paths[1].write_text("old")
    rename = Path.replace

    def refuse(self, target):
        if self.name == ".map.html.partial":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        write_files(paths, 2)
    assert paths[1].read_text() == "old"
    assert names(tmp_path) == {"map.html"}


@pytest.mark.parametrize("name", ["answers.csv", "onnx/answers.csv"])
def test_output_among_the_files_of_a_model_is_refused(tmp_path, name):
    """The model would be refused from then on: it holds a file that its list lacks."""
    model = tmp_path / "model"
    (model / "onnx").mkdir(parents=True)
    (model / "assay.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="in the folder of a model") as caught:
        check_output(model / name, overwrite=True)
    assert str(model) in caught.value.hint
    check_output(tmp_path / "answers.csv", overwrite=False)


def test_a_model_is_found_behind_links_and_not_on_a_way_out_of_it(tmp_path):
    """A link to a folder in a model is in the model; `model/..` is beside it."""
    (tmp_path / "model" / "onnx").mkdir(parents=True)
    (tmp_path / "model" / "assay.json").write_text("{}", encoding="utf-8")
    (tmp_path / "link").symlink_to("model/onnx")
    with pytest.raises(InputError, match="in the folder of a model"):
        check_output(tmp_path / "link" / "answers.csv", overwrite=False)
    check_output(tmp_path / "model" / ".." / "answers.csv", overwrite=False)
