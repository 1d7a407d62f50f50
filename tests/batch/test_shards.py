"""Shards of a folder of files: together they hold every row once, wherever the files are cut."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from _support.datasets import write_dataset, write_lines
from assay.batch import chunks
from assay.batch import shards as shards_module
from assay.batch.rows import Scoring
from assay.batch.shards import NOTES, REJECTED, plan_shards, read_shard, score_shard
from assay.data.files.readers import read_rows
from assay.errors import InputError
from assay.runtime import load_model


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Write a folder of files."""
    return write_dataset(tmp_path_factory.mktemp("dataset"))


@pytest.fixture
def _small_shards(monkeypatch):
    monkeypatch.setattr(shards_module, "SHARD_BYTES", 900)
    monkeypatch.setattr(shards_module, "SHARD_ROWS", 30)


@pytest.mark.usefixtures("_small_shards")
def test_shards_hold_every_row_once(dataset):
    """Cut anywhere, also inside a line or a letter, the shards of all files give each row once and in order."""
    shards = plan_shards(dataset)
    assert [shard.number for shard in shards] == list(range(len(shards)))
    assert len(shards) > 10
    by_file: dict[str, list] = {}
    for shard in shards:
        by_file.setdefault(Path(shard.path).name, []).extend(read_shard(shard))
    assert list(by_file) == ["a.jsonl", "c.parquet", "b.jsonl"]
    for name, rows in by_file.items():
        expected = list(read_rows(next(dataset.rglob(name))))
        assert [row.values for row in rows] == [row.values for row in expected]
        assert [row.problem is None for row in rows] == [row.problem is None for row in expected]


@pytest.mark.parametrize("name", ["more.csv", "more.tsv.gz", "sub/more.xlsx", "more.feather"])
def test_tables_beside_shards_are_refused(tmp_path, name):
    """Their rows would be missing from the output, and nothing would say so."""
    write_lines(tmp_path / "a.jsonl", 0)
    for other in ("notes.txt", "state.json", "_notes.csv", ".hidden.csv"):
        (tmp_path / other).write_text("notes")
    assert len(plan_shards(tmp_path)) == 1
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("text")
    with pytest.raises(InputError, match=f"cannot be predicted as shards: '{name}'; ") as refused:
        plan_shards(tmp_path)
    assert refused.value.hint == "turn them into one of these, or move them out of the folder"


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("more.json", '\ufeff[\n {"text": "a"},\n {"text": "b"}]'),
        ("more.json", '{"text": "a"}\n{"text": "b"}\n'),
        ("sub/more.json.gz", '[{"text": "a"}]'),
    ],
)
def test_rows_in_json_beside_shards_are_refused(tmp_path, name, held):
    """As those of other tables; one object, and a list of names, are notes."""
    write_lines(tmp_path / "a.jsonl", 0)
    (tmp_path / "info.json").write_text('{\n "rows": [{"text": "a"}]\n}')
    (tmp_path / "labels.json").write_text('["joy", "fear"]')
    assert len(plan_shards(tmp_path)) == 1
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(held.encode()) if name.endswith(".gz") else held.encode())
    with pytest.raises(InputError, match=f"cannot be predicted as shards: '{name}'; "):
        plan_shards(tmp_path)


def test_odd_rows_of_a_shard_cost_no_other(linear_folder, tmp_path, monkeypatch):
    """Values of another type than their column are rejected, one by one; nulls wait for their type."""
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 3)
    rows = [{"n": i, "late": None, "text": "happy"} for i in range(9)]
    rows[1]["n"], rows[4]["n"], rows[7]["n"], rows[6]["late"] = 1.5, "four", 7.5, True
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for name in (NOTES, REJECTED):
        (tmp_path / name).mkdir()
    (shard,) = plan_shards(source)
    note = score_shard(load_model(linear_folder), shard, Scoring("text"), tmp_path)
    assert (note.n_texts, note.n_rejected) == (8, 1)
    found = [row.values for row in read_rows(tmp_path / f"{shard.name}.parquet")]
    assert [row["n"] for row in found] == [0, 1.5, 2, 3, 5, 6, 7.5, 8]
    assert [row["late"] for row in found] == [None] * 5 + [True, None, None]
    rejected = json.loads((tmp_path / REJECTED / f"{shard.name}.jsonl").read_text(encoding="utf-8"))
    assert rejected["line"] == 5
    assert rejected["reason"].startswith("column 'n' cannot be written as Parquet")


@pytest.mark.parametrize("n_bytes", [1, 2, 3, 5, 17, 10_000])
def test_lines_are_cut_at_any_byte(tmp_path, monkeypatch, n_bytes):
    """Letters of several bytes, blank lines, no line feed at the end: every row once."""
    records = [{"text": text} for text in ("오늘", "", "😀", "a\nb", "last")]
    source = tmp_path / "in.jsonl"
    source.write_text(
        "\n\n".join(json.dumps(record, ensure_ascii=False) for record in records), encoding="utf-8"
    )
    monkeypatch.setattr(shards_module, "SHARD_BYTES", n_bytes)
    found = []
    for shard in plan_shards(source):
        found += [row.values for row in read_shard(shard)]
    assert found == records
