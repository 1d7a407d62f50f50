"""The column that names the rows travels into a run's predictions and the mistakes of its report."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from assay.data.load import load_data
from assay.data.split import cut_missing
from assay.evaluation.mistakes import Mistake
from assay.recipes.steps.row_ids import name_surprising, read_row_ids, with_ids
from assay.reporting.score_sections import ShownMistake, read_mistake_ids


@pytest.fixture
def splits(tmp_path):
    """Return forty tickets, some with line breaks, cut into three splits."""
    rows = "".join(
        f'T-{i:02d},"text\n{i}",{"ab"[i % 2]}\n' if i % 3 else f"T-{i:02d},text {i},{'ab'[i % 2]}\n"
        for i in range(40)
    )
    (tmp_path / "d.csv").write_text(f"Ticket,text,label\n{rows}", encoding="utf-8")
    return cut_missing(load_data(tmp_path / "d.csv", id_column="Ticket"), seed=0)


def test_every_row_has_its_name(splits):
    """Whatever split it was cut into; nothing is read where no column is named."""
    ids = read_row_ids(splits, "Ticket")
    assert len(ids) == 40
    for split, labelled in splits.items():
        for line, text in zip(labelled.lines, labelled.texts, strict=True):
            assert int(ids[split, line].removeprefix("T-")) == int(text.split()[1])
    assert read_row_ids(splits, None) == {}
    assert read_row_ids(load_data((["a", "b"], ["x", "y"])), "Ticket") == {}


def test_records_get_their_names():
    """Beside what they hold; a row without a name stays as it is."""
    records = [{"split": "test", "row": 7}, {"split": "train", "row": 7}]
    assert list(with_ids(records, {("test", 7): "T-1"})) == [
        {"split": "test", "row": 7, "id": "T-1"},
        {"split": "train", "row": 7},
    ]


def test_surprising_texts_get_their_names():
    """Those of a run with several labels are all of one split."""
    found = [{"line": 7, "score": 0.9}, {"line": 8, "score": 0.8}]
    named = name_surprising(found, {("test", 7): "003", ("train", 8): "004"}, split="test")
    assert named == [{"line": 7, "score": 0.9, "id": "003"}, {"line": 8, "score": 0.8}]


def test_mistakes_of_the_report_get_their_names(splits):
    """By split and line, since evidence out of fold mixes two splits."""
    labelled = splits["train"]
    line, text = labelled.lines[3], labelled.texts[3]
    mistake = Mistake(line, text, "a", "b", 0.1, 0.9, 2.3, split="train")
    results = SimpleNamespace(splits=splits, id_column="Ticket")
    name = read_mistake_ids(results, [mistake])["train", line]
    assert int(name.removeprefix("T-")) == int(mistake.text.split()[1])
    assert ShownMistake(mistake, (), name).to_dict()["id"] == name
    assert "id" not in ShownMistake(mistake).to_dict()
    results.id_column = None
    assert read_mistake_ids(results, [mistake]) == {}
