"""The map as files: which split, which names, both or none."""

import json
import re

import numpy as np
import pytest

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.errors import DataError, InputError, OutputExistsError, OutsideError
from assay.progress import Progress
from assay.recipes.map import draw_map_file

LABELS = ("기쁨", '"슬픔"')
ATTACK = "</script><script>alert(1)</script>"


def build_splits(n_texts=4, names=("train", "test")):
    """Make small splits; with four texts the map needs no UMAP."""
    words = ("good", "bad", "happy", "sad", "day", "night", "좋은", "나쁜", "하루", "오늘")
    texts = [
        ATTACK,
        *(f"{words[i % 10]} {words[i // 10 % 10]} {words[i * 7 % 10]}" for i in range(1, n_texts)),
    ]
    part = LabelledTexts(
        tuple(texts), tuple(LABELS[i % 2] for i in range(n_texts)), tuple(range(2, n_texts + 2))
    )
    return Splits(dict.fromkeys(names, part), LabelSet(LABELS), source="data/고객.csv")


def read_data(page):
    """Return what the page's script reads."""
    found = re.search(
        r'<script type="application/json" id="data">(.*?)</script>',
        page.read_text(encoding="utf-8"),
    )
    return json.loads(found.group(1))


class SpoilsPng(Progress):
    """Puts a folder where the picture should go, once the work is under way."""

    def __init__(self, png):
        self.png = png

    def track(self, name, n_steps):
        """Do it when the first work starts."""
        self.png.mkdir(exist_ok=True)
        return super().track(name, n_steps)


def test_files_are_written_and_described(tiny_bert, tmp_path):
    """Page and picture are where they were asked for, in a folder that was not there; the dict is JSON."""
    out, png = tmp_path / "new" / "map.html", tmp_path / "new" / "map.png"
    drawn = draw_map_file(
        build_splits(), out, png=png, checkpoint=str(tiny_bert), pooling="cls", seed=3
    )
    assert json.loads(json.dumps(drawn)) == {
        "out": str(out),
        "png": str(png),
        "split": "train",
        "n_points": 4,
        "n_texts": 4,
        "checkpoint": "tiny-bert",
        "pooling": "cls",
        "seed": 3,
        "model": None,
        "n_other": None,
    }
    assert png.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in out.parent.iterdir()) == ["map.html", "map.png"]
    data = read_data(out)
    assert dict(zip(data["line"], data["text"], strict=True))[2] == ATTACK
    assert data["labels"] == list(LABELS)


@pytest.mark.slow
def test_large_split_is_sampled_and_every_dot_keeps_its_own_text(tiny_bert, tmp_path):
    """Of 40 texts 12 are drawn, half of each label, each with the text and label of its line; again gives the same."""
    splits = build_splits(40, ("all",))
    drawn = [
        draw_map_file(
            splits, tmp_path / f"{i}.html", checkpoint=str(tiny_bert), max_points=12, seed=1
        )
        for i in "ab"
    ]
    assert (drawn[0]["split"], drawn[0]["n_points"], drawn[0]["n_texts"], drawn[0]["png"]) == (
        "all",
        12,
        40,
        None,
    )
    data, part = read_data(tmp_path / "a.html"), splits["all"]
    row_of = {line: i for i, line in enumerate(part.lines)}
    assert data["text"] == [part.texts[row_of[line]] for line in data["line"]]
    assert [LABELS[i] for i in data["label"]] == [
        part.labels[row_of[line]] for line in data["line"]
    ]
    assert np.bincount(data["label"]).tolist() == [6, 6]
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize(
    ("names", "asked", "taken"),
    [
        (("test", "train"), None, "train"),
        (("all",), None, "all"),
        (("train", "test"), "test", "test"),
    ],
)
def test_split_is_the_one_asked_for_or_train_or_the_only_one(
    tiny_bert, tmp_path, names, asked, taken
):
    """None means train, or the only one."""
    splits = build_splits(names=names)
    assert (
        draw_map_file(splits, tmp_path / "m.html", split=asked, checkpoint=str(tiny_bert))["split"]
        == taken
    )


def test_split_that_cannot_be_drawn_is_refused(tmp_path):
    """Several without train, an unknown one, an empty one: said before the checkpoint is looked for."""
    out, nowhere = tmp_path / "m.html", str(tmp_path / "nothing")
    with pytest.raises(
        InputError, match=r"no split 'train'; splits: validation, test \(choose one with split\)"
    ):
        draw_map_file(build_splits(names=("validation", "test")), out, checkpoint=nowhere)
    with pytest.raises(DataError, match="no split 'dev'"):
        draw_map_file(build_splits(), out, split="dev", checkpoint=nowhere)
    empty = Splits({"train": LabelledTexts((), ())}, LabelSet(LABELS), source="memory")
    with pytest.raises(InputError, match="split 'train' of memory holds no texts"):
        draw_map_file(empty, out, checkpoint=nowhere)


def test_too_few_points_for_the_classes_are_refused_before_any_work(tmp_path):
    """The message speaks of points, and says how many are accepted."""
    with pytest.raises(
        InputError,
        match=r"3 points are too few for 2 classes; at least 4 are accepted.*max_points",
    ):
        draw_map_file(
            build_splits(10),
            tmp_path / "m.html",
            max_points=3,
            checkpoint=str(tmp_path / "nothing"),
        )


@pytest.mark.parametrize("name", ["map.htm", "map", "map.png"])
def test_other_suffixes_are_refused_before_any_work(tmp_path, name):
    """Only .html for the page, only .png for the picture."""
    with pytest.raises(
        InputError, match=rf"the map cannot be written as '{name}'; a name that ends in \.html"
    ):
        draw_map_file(build_splits(), tmp_path / name, checkpoint=str(tmp_path / "nothing"))
    with pytest.raises(
        InputError, match=r"the panels cannot be written as 'm\.jpg'; a name that ends in \.png"
    ):
        draw_map_file(
            build_splits(),
            tmp_path / "m.html",
            png=tmp_path / "m.jpg",
            checkpoint=str(tmp_path / "nothing"),
        )


def test_folder_as_output_is_refused(tmp_path):
    """A folder is no file, and `overwrite` does not make it one."""
    (tmp_path / "m.html").mkdir()
    with pytest.raises(InputError, match=r"m\.html is a folder"):
        draw_map_file(build_splits(), tmp_path / "m.html", overwrite=True)


@pytest.mark.parametrize("name", ["m.html", "m.png"])
def test_existing_output_is_kept_unless_told_otherwise(tiny_bert, tmp_path, name):
    """Either file that is there is an error before any work, and untouched; `overwrite` replaces it."""
    (tmp_path / name).write_bytes(b"precious")
    files = {"out": tmp_path / "m.html", "png": tmp_path / "m.png"}
    with pytest.raises(OutputExistsError, match=rf"{name} exists already"):
        draw_map_file(build_splits(), **files, checkpoint=str(tmp_path / "nothing"))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"precious"
    draw_map_file(build_splits(), **files, checkpoint=str(tiny_bert), overwrite=True)
    assert (tmp_path / name).read_bytes() != b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.html", "m.png"]


def test_place_that_cannot_be_written_leaves_nothing(tiny_bert, tmp_path):
    """The picture's folder is a file: no page either, and nothing half-written beside it."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutsideError, match=r"m\.png could not be written"):
        draw_map_file(
            build_splits(),
            tmp_path / "m.html",
            png=tmp_path / "file" / "m.png",
            checkpoint=str(tiny_bert),
        )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("old", [None, b"precious"])
def test_page_is_taken_back_when_the_picture_cannot_follow(tiny_bert, tmp_path, old):
    """The second file fails after the first is in its place: what was there before is there again."""
    out, png = tmp_path / "m.html", tmp_path / "m.png"
    if old is not None:
        out.write_bytes(old)
    with pytest.raises(OutsideError, match="could not be written"):
        draw_map_file(
            build_splits(),
            out,
            png=png,
            checkpoint=str(tiny_bert),
            overwrite=True,
            progress=SpoilsPng(png),
        )
    assert (out.read_bytes() if out.exists() else None) == old
    assert sorted(path.name for path in tmp_path.iterdir()) == (["m.html"] if old else []) + [
        "m.png"
    ]
