"""What a run says when it begins: its data in a sentence, its machine."""

import platform

from assay import load_data
from assay.recipes.steps.prepare import DataOptions, prepare_data
from assay.recipes.steps.run_facts import describe_dropped, describe_machine, describe_splits


def test_sentence_counts_texts_classes_and_rows_left_out(tmp_path):
    """Splits come in their order, and what was dropped is said."""
    for split, n_rows in (("train", 20), ("test", 4)):
        rows = [f"text {split} {i},{'joy' if i % 2 else 'fear'}" for i in range(n_rows)]
        lines = ["text,label", *rows, *(["   ,joy"] if split == "train" else [])]
        (tmp_path / f"{split}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sentence = describe_splits(load_data(tmp_path))
    assert sentence.endswith(": 20 train, 4 test texts in 2 classes; 1 row left out")


def test_machine_is_this_one(monkeypatch):
    """The number of threads is what assay may use."""
    monkeypatch.setenv("ASSAY_THREADS", "1")
    machine = describe_machine()
    assert machine.python == platform.python_version()
    assert machine.n_threads == 1
    assert machine.device == "auto"  # what was asked for


def test_drawn_texts_are_counted_beside_all(tmp_path):
    """A run says it when it begins, and a training too; nothing is said where all take part."""
    rows = [f"text {i},{'joy' if i % 2 else 'fear'}" for i in range(200)]
    path = tmp_path / "all.csv"
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    drawn = prepare_data(path, options=DataOptions(max_rows=30), seed=0)
    assert describe_splits(drawn).endswith(" texts in 2 classes, drawn from 200")
    assert describe_dropped(drawn).endswith(": 70 of 200 texts drawn (--max-rows)")
    whole = prepare_data(path, options=DataOptions(), seed=0)
    assert describe_splits(whole).endswith(" texts in 2 classes")
    assert describe_dropped(whole) == ""
