"""Texts in a script that the model never learnt: counted in all rows, by the plain engine and in shards."""

import pytest

import assay
from assay.batch import open_rows, predict_file, predict_rows
from assay.batch.rows import Scoring
from assay.batch.shards import NOTES, REJECTED, plan_shards, score_shard
from assay.data.files.writers import open_writer
from assay.runtime.limits.scripts import NO_SCRIPT, name_unseen_scripts

TEXTS = ["happy day", "พรุ่งนี้ฝนตก", "so sad", "שלום לך", "พรุ่งนี้ฝนตก", "2024"]
COUNTS = {"THAI": 2, "HEBREW": 1}


@pytest.fixture
def source(tmp_path):
    """Write the texts."""
    path = tmp_path / "in.jsonl"
    with open_writer(path, like=path) as writer:
        for text in TEXTS:
            writer.write({"text": text})
    return path


def test_every_chunk_is_counted(trained_model, source, tmp_path, monkeypatch):
    """Several chunks add up, also in the plain values of the summary."""
    monkeypatch.setattr("assay.batch.chunks.CHUNK_ROWS", 2)
    summary = predict_file(trained_model, source, tmp_path / "out.jsonl")
    assert dict(summary.unseen.counts) == COUNTS
    assert summary.to_dict()["unseen_scripts"] == COUNTS
    assert summary.unseen.n_texts == len(TEXTS)


def test_shards_count_too(trained_model, source, tmp_path):
    """What is written beside a finished shard has the same numbers."""
    for name in (NOTES, REJECTED):
        (tmp_path / "out" / name).mkdir(parents=True)
    (shard,) = plan_shards(source)
    note = score_shard(trained_model, shard, Scoring("text"), tmp_path / "out")
    assert note.unseen_scripts == COUNTS
    assert type(note).from_json(note.to_json()) == note


def test_they_are_never_in_scope(trained_model, source):
    """However well their other signs fit: the warning says that --scope marks them."""
    rows, column = open_rows(source)
    found = list(predict_rows(trained_model, rows, text_column=column, with_scope=True))
    assert [one.unseen_script for one in found] == ["", "THAI", "", "HEBREW", "THAI", ""]
    assert not any(one.record["in_scope"] for one in found if one.unseen_script)
    assert found[0].record["in_scope"]
    shares = trained_model.scope(TEXTS)
    assert (shares == 0).tolist() == [bool(one.unseen_script) for one in found]


def test_a_model_of_figures_alone_knows_no_script(tmp_path):
    """It was 99.8 % sure of any sentence, without a word."""
    texts = [str(i) for i in range(100, 130)] + [f"+82 10-{i}" for i in range(4000, 4030)]
    model = assay.Linear().fit(texts, ["short"] * 30 + ["phone"] * 30)
    assay.save_model(model, tmp_path / "model")
    loaded = assay.load_model(tmp_path / "model")
    assert loaded.manifest.scripts == {NO_SCRIPT}
    assert name_unseen_scripts(["hello", "한국어", "12"], seen=loaded.manifest.scripts) == [
        "LATIN",
        "HANGUL",
        "",
    ]
