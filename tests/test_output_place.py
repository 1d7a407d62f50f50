"""Outputs that stay in their place: empty folders, mount points, folders under a read-only one."""

import os
from pathlib import Path

import pytest

from assay import output_place, ray_batch
from assay.batch import shards
from assay.batch.resumable_output import ResumableOutput
from assay.disk import atomic_folder, check_output, partial_folder
from assay.errors import InputError, OutputExistsError, OutsideError
from assay.output_lock import lock_output
from assay.output_place import (
    check_apart,
    check_no_model,
    check_outside,
    find_place,
    holds_work,
    is_mount,
)
from assay.recipes.steps import run_state
from assay.training import states


def mount(monkeypatch, tmp_path, path):
    """Let a path look as if something were mounted there."""
    table = tmp_path.parent / f"{tmp_path.name}.mounts"
    escaped = str(path).replace(" ", r"\040")
    table.write_text(f"36 35 98:0 / {escaped} rw,noatime master:1 - ext4 /dev/sda rw\n")
    monkeypatch.setattr(output_place, "MOUNTS", table)


def fill(out: Path, **options: object) -> None:
    """Write a folder with a file and a folder."""
    with atomic_folder(out, **options) as root:
        (root / "assay.json").write_text("new")
        (root / "onnx").mkdir()


def fill_half(out: Path, **options: object) -> None:
    """Be interrupted after half of the work."""
    with atomic_folder(out, **options) as root:
        (root / "half").touch()
        raise KeyboardInterrupt


def names(folder: Path) -> set[str]:
    """Return what a folder holds."""
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("found", [[], ["lost+found"], [".DS_Store", "Thumbs.db"]])
def test_empty_folder_is_filled_in_its_place(tmp_path, found):
    """It is the same folder afterwards; what the system left in it does not count."""
    out = tmp_path / "out"
    out.mkdir()
    for name in found:
        (out / name).touch()
    before = out.stat().st_ino
    check_output(out, overwrite=False, is_folder=True)
    fill(out)
    assert out.stat().st_ino == before
    assert names(out) == {"assay.json", "onnx", *found}
    assert names(tmp_path) == {"out"}


def test_mount_point_is_replaced_inside(tmp_path, monkeypatch):
    """With `overwrite` the old content goes once the new one is whole."""
    out = tmp_path / "my volume"
    out.mkdir()
    (out / "old.txt").touch()
    mount(monkeypatch, tmp_path, out)
    with pytest.raises(OutputExistsError):
        fill(out)
    assert names(out) == {"old.txt"}
    with pytest.raises(KeyboardInterrupt):
        fill_half(out, overwrite=True)
    assert names(out) == {"old.txt"}
    fill(out, overwrite=True)
    assert names(out) == {"assay.json", "onnx"}


def test_mount_point_keeps_its_content_if_a_move_fails(tmp_path, monkeypatch):
    """A disk that refuses half-way leaves the old content in its place."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").touch()
    mount(monkeypatch, tmp_path, out)
    replace = Path.replace

    def refuse(path, target):
        if path.name == "assay.json" and path.parent.name == ".partial":
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OutsideError, match="No space left"):
        fill(out, overwrite=True)
    assert names(out) - {".replaced"} == {"old.txt"}


@pytest.mark.parametrize("out", [".", "..", "/", ""])
def test_output_without_a_name_is_refused(out):
    """By every way to it, and not as a mistake of assay."""
    for call in (find_place, partial_folder, ResumableOutput, lambda path: check_apart(".", path)):
        with pytest.raises(InputError, match="cannot be an output; a new name is accepted"):
            call(Path(out))


def test_interrupted_work_inside_is_resumed(tmp_path):
    """The same folder is found again, and is in nobody's way."""
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(KeyboardInterrupt):
        fill_half(out, keep=lambda root: True)
    assert partial_folder(out) == out / ".partial"
    with atomic_folder(out, resume=True, keep=lambda root: True) as root:
        assert names(root) == {"half"}
    assert names(out) == {"half"}


def test_lock_of_a_folder_that_stays_is_inside(tmp_path):
    """The folder above may be read-only."""
    out = tmp_path / "out"
    out.mkdir()
    with lock_output(out):
        assert names(tmp_path) == {"out"}
        with lock_output(out, may_be_held=True):  # whoever holds it may ask again
            assert names(out) == {".lock"}
    assert not names(out)


def test_mounted_file_is_refused_before_any_work(tmp_path, monkeypatch):
    """Renaming over it would fail at the end."""
    out = tmp_path / "out.csv"
    out.touch()
    mount(monkeypatch, tmp_path, out)
    with pytest.raises(InputError, match="mounted file") as caught:
        check_output(out, overwrite=True)
    assert "folder" in caught.value.hint


def test_mounts_without_a_table_are_those_that_python_knows(tmp_path, monkeypatch):
    """Other systems have no /proc."""
    monkeypatch.setattr(output_place, "MOUNTS", tmp_path / "missing")
    assert is_mount(Path("/"))
    assert not is_mount(tmp_path)
    assert not find_place(tmp_path / "missing").is_inside


@pytest.mark.parametrize(
    "out", ["train.csv", "labels.txt", ".", "run", "link.csv", "test-00000-of-00001.parquet"]
)
def test_output_that_would_destroy_the_data_is_refused(tmp_path, out):
    """A file of the folder, the folder itself, what leads there, and where the work is kept."""
    data = tmp_path / "run.partial"
    data.mkdir()
    for name in ("train.csv", "labels.txt", "test-00000-of-00001.parquet"):
        (data / name).touch()
    (data / "link.csv").symlink_to(data / "train.csv")
    target = tmp_path / "run" if out == "run" else data / out
    given = data / "train.csv" if out == "link.csv" else data
    with pytest.raises(InputError, match="holds the data itself"):
        check_apart(given, target)
    check_apart(given, data / "issues.csv")


def test_output_inside_what_is_read_is_refused(tmp_path):
    """A new file there is fine, and so is anything that is no folder."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "assay.json").touch()
    for out in (model, model / "assay.json", tmp_path):
        with pytest.raises(InputError, match="is the model itself, or a part of it"):
            check_outside(model, out, what="the model")
    check_outside(model, model / "new.csv", what="the model")
    check_outside("OWNER/NAME", model, what="the model")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_under_a_read_only_one_is_filled_inside(tmp_path):
    """A volume of a container is often the only place that can be written."""
    out = tmp_path / "root" / "out"
    out.mkdir(parents=True)
    (out / "old.txt").touch()
    out.parent.chmod(0o555)
    try:
        fill(out, overwrite=True)
        assert names(out) == {"assay.json", "onnx"}
    finally:
        out.parent.chmod(0o755)


@pytest.mark.parametrize(
    "work",
    [
        f"{run_state.STATES}/{states.STATE}",
        f"{run_state.STATES}/finetune/{states.STATE}",
        "models/linear/assay.json",
        f"{shards.NOTES}/part-0.json",
    ],
)
def test_work_is_known_by_the_names_that_its_owners_write(tmp_path, work):
    """Rooms that come later name these files; here their patterns are repeated."""
    assert not holds_work(tmp_path)
    path = tmp_path / work
    path.parent.mkdir(parents=True)
    path.touch()
    assert holds_work(tmp_path)
    owners = (run_state.has_work, states.has_training_state, ray_batch._has_notes)
    assert any(owner(tmp_path) or owner(path.parent) for owner in owners)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_link_in_a_circle_is_an_output_like_any_other(tmp_path):
    """It is there, holds nothing that is read, and can be replaced."""
    data, loop = tmp_path / "data.csv", tmp_path / "loop.csv"
    data.touch()
    loop.symlink_to(loop)
    check_apart(data, loop)
    check_apart(data, loop / "p.csv")
    check_outside(tmp_path, loop, what="the data")
    check_no_model(loop / "p.csv")
    with pytest.raises(OutputExistsError, match=r"loop\.csv exists already"):
        check_output(loop, overwrite=False)
    check_output(loop, overwrite=True)


@pytest.mark.parametrize("name", ["a" * 231, "가" * 80])
def test_name_that_leaves_no_room_for_longer_ones_is_refused_at_once(tmp_path, name):
    """Systems take 255 bytes; what is written beside an output would have more."""
    with pytest.raises(InputError, match="bytes; an output may have up to 230"):
        check_output(tmp_path / name, overwrite=True)
    with atomic_folder(tmp_path / ("b" * 230)) as root:
        (root / "x").write_text("x")
