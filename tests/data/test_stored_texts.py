"""`StoredTexts`: the rows of a file on the disk are those in memory, group by group and row by row."""

import tempfile

import numpy as np
import pytest

from _support.small_runs import write_rows
from assay.data.duplicates import duplicate_groups
from assay.data.load import load_data
from assay.data.stored_texts import BLOCK_TEXTS, StoredTexts, hold_texts
from assay.errors import InputError, OutsideError
from assay.recipes.steps.prepare import DataOptions, prepare_data


def write_texts(tmp_path, n_texts=2 * BLOCK_TEXTS + 7):
    """A file with repeated texts, written otherwise, of several blocks and of all lengths."""
    texts = [f"text {i % 997} {'배송 ' * (i % 5)}{'Ä' * (i % 3)}" for i in range(n_texts)]
    texts = [text.upper() if i % 7 == 0 else text for i, text in enumerate(texts)]
    return write_rows(tmp_path / "d.csv", texts, ["a" if i % 3 else "b" for i in range(n_texts)])


def test_texts_on_disk_are_those_in_memory(tmp_path):
    """Texts, labels, lines, groups of equal texts, and rows that are taken twice over."""
    path = write_texts(tmp_path)
    held, stored = load_data(path)["all"], load_data(path, on_disk=True)["all"]
    assert isinstance(stored, StoredTexts)
    assert not isinstance(held, StoredTexts)
    assert tuple(stored.texts) == held.texts
    assert (stored.texts[-1], stored.texts[1]) == (held.texts[-1], held.texts[1])
    np.testing.assert_array_equal(duplicate_groups(stored), duplicate_groups(held))
    rows = np.arange(5, len(held), 3)
    taken = stored.take(rows).take(np.arange(0, len(rows), 4))
    expected = held.take(rows).take(np.arange(0, len(rows), 4))
    np.testing.assert_array_equal(duplicate_groups(taken), duplicate_groups(expected))
    assert taken.held() == expected


def test_max_rows_draws_the_same_rows_as_from_memory(tmp_path):
    """A file, of which the drawn rows alone are held, beside the same data that is held already."""
    path = write_texts(tmp_path)
    options = DataOptions(max_rows=150)
    drawn = prepare_data(path, options=options, seed=3)
    expected = prepare_data(load_data(path), options=options, seed=3)
    assert [len(part) for part in drawn.values()] == [150, 150, 150]
    assert drawn.parts == expected.parts
    assert {type(part).__name__ for part in drawn.values()} == {"LabelledTexts"}


def test_several_labels_per_text_stay_in_memory(tmp_path):
    """Their rows are drawn as before."""
    texts, labels = [f"text {i}" for i in range(200)], ["a;b", "b", "a", "b;a"] * 50
    path = write_rows(tmp_path / "d.csv", texts, labels)
    options = DataOptions(max_rows=40, label_separator=";")
    drawn = prepare_data(path, options=options, seed=0)
    assert len(drawn["train"]) == 40
    assert hold_texts(drawn) == drawn


def test_rows_are_taken_in_order(tmp_path):
    """The file is read from front to back."""
    stored = load_data(write_texts(tmp_path, 30), on_disk=True)["all"]
    with pytest.raises(InputError, match="ascending"):
        stored.take([3, 1])


def test_a_disk_that_refuses_is_a_sentence(tmp_path, monkeypatch):
    """The folder for temporary files is not there."""
    path = write_texts(tmp_path, 30)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(OutsideError, match=r"temporary file in .*none: No such file") as caught:
        load_data(path, on_disk=True)
    assert "TMPDIR" in caught.value.hint
