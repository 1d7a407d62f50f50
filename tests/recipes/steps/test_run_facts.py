"""What a run says when it begins: its data in a sentence, its machine."""

import platform

from assay import load_data
from assay.recipes.steps.run_facts import describe_machine, describe_splits


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
