"""`atomic_folder`: OUT is written whole or not at all, and nothing that stood there is lost on the way."""

import shutil
from pathlib import Path

import pytest

from assay.disk import atomic_folder, check_output
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
    """While it is written OUT is not there; afterwards it is, with parents made, and nothing stands beside it."""
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
        OutputExistsError, match=r"out exists already \(choose another --out, or add --overwrite"
    ):
        write_something(tmp_path / "out")
    assert (tmp_path / "out" / "file.txt").read_text() == "old"


@pytest.mark.parametrize("name", [".", "..", "/"])
def test_output_without_a_name_is_refused(name):
    """The working folder itself can be no output, overwriting or not."""
    with pytest.raises(InputError, match="cannot be an output; a new name is accepted"):
        check_output(Path(name), overwrite=True)


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
    """Should the new folder be lost at the very end, the old one stands in its place again."""
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


def test_our_own_errors_pass_through(tmp_path):
    """An error of assay raised inside keeps its class and sentence, even one that is an OSError."""
    with pytest.raises(OutsideError, match=r"^the Hub is away$"), atomic_folder(tmp_path / "out"):
        raise OutsideError("the Hub is away")
    assert names(tmp_path) == set()
