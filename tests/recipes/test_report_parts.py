"""What the report is given: computed from what was saved and measured, in the shapes that it asks for."""

import numpy as np
import pytest

from _support.small_models import small_data
from assay.data.load import load_data
from assay.evaluation.scoring import ScoredSplit
from assay.recipes import report_parts
from assay.recipes.run import RunOptions, run_data
from assay.recipes.steps.prepare import DataOptions
from assay.runtime.linear import softmax

HISTORY = [
    {
        "epoch": 1,
        "train_loss": 1.0,
        "validation_loss": 0.9,
        "validation_accuracy": 0.5,
        "validation_f1_weighted": 0.4,
    },
    {
        "epoch": 2,
        "train_loss": 0.7,
        "validation_loss": 0.8,
        "validation_accuracy": 0.7,
        "validation_f1_weighted": 0.6,
    },
    {
        "epoch": 3,
        "train_loss": 0.5,
        "validation_loss": 0.7,
        "validation_accuracy": 0.7,
        "validation_f1_weighted": 0.7,
    },
    {
        "epoch": 4,
        "train_loss": 0.1,
        "validation_loss": 0.9,
        "validation_accuracy": 0.7,
        "validation_f1_weighted": 0.7,
    },
]


@pytest.fixture(scope="module")
def parts(data, tmp_path_factory):
    """Keep the parts that a run of two methods hands to its report."""
    kept = []

    def keep(*args, **more):
        kept.append(report_parts.gather_parts(*args, **more))
        return kept[-1]

    options = RunOptions(
        methods=("majority", "linear"), data=DataOptions(max_rows=25), command="assay run"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assay.recipes.run.gather_parts", keep)
        run_data(data, tmp_path_factory.mktemp("parts") / "r", options=options)
    return kept[0]


def test_parts_leave_out_what_was_not_run(parts):
    """No transformer: no tokens, no truncation, no map.

    No epochs: no curve. The floor is not calibrated.
    """
    assert parts.tokens is None
    assert parts.truncation is None
    assert parts.map is None
    assert parts.training == {}
    assert set(parts.calibration) == {"linear"}
    assert set(parts.mistakes) == set(parts.confusions) == {"majority", "linear"}


def test_parts_tell_how_the_run_was_made(parts):
    """The options that were set, the ones of the data among them, versions, and what was left out."""
    options = parts.how["options"]
    assert options["methods"] == "majority, linear"
    assert options["max_rows"] == 25
    assert not set(options) & {"budget_s", "labels", "data", "command"}
    assert parts.how["command"] == "assay run"
    assert parts.how["versions"]["numpy"] == np.__version__
    assert parts.why


def test_kept_epoch_is_the_one_that_training_kept():
    """The highest accuracy, of equals the lowest loss; of all equals the first."""
    assert [epoch["kept"] for epoch in report_parts._curves(HISTORY)] == [False, False, True, False]
    assert [
        epoch["kept"] for epoch in report_parts._curves([HISTORY[1], {**HISTORY[1], "epoch": 3}])
    ] == [True, False]


def test_calibration_compares_with_the_scores_before_the_temperature():
    """A power of the shipped scores gives back those of the trainer: the same ECE as from its logits."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(300, 3)) * 4
    label_ids = np.where(rng.random(300) < 0.6, logits.argmax(axis=1), rng.integers(0, 3, 300))
    shipped = ScoredSplit(None, label_ids, softmax(logits / 2.5), None, 0.1)
    raw = ScoredSplit(None, label_ids, softmax(logits), None, 0.1)
    found = report_parts._calibration(shipped, 2.5)
    assert found["ece_before"] == pytest.approx(report_parts._calibration(raw, 1.0)["ece_after"])
    assert found["ece_after"] < found["ece_before"]
    assert (
        sum(row["n_texts"] for row in found["bins"])
        == sum(row["n_texts"] for row in found["bins_before"])
        == 300
    )


def test_duplicates_and_leaks_are_counted(tmp_path):
    """A text twice in train, one of test that stands in train, one with two labels: each is found and shown."""
    texts, labels = small_data(30)
    frames = {
        "train": ([*texts, texts[0], "odd one", "odd one"], [*labels, labels[0], "joy", "sadness"]),
        "validation": small_data(12, seed=1),
        "test": ([texts[0], "new"], [labels[0], "joy"]),
    }
    import pandas as pd

    splits = load_data(
        {name: pd.DataFrame({"text": t, "label": y}) for name, (t, y) in frames.items()}
    )
    found = report_parts._duplicates(splits, report_parts.find_leaks(splits))
    assert found["repeats"]["train"] >= 2
    assert {"split": "test", "of": "train", "n_texts": 1} in found["leaks"]
    assert any(example["text"] == "odd one" for example in found["examples"])
    odd = next(example for example in found["examples"] if example["text"] == "odd one")
    assert {place["label"] for place in odd["places"]} == {"joy", "sadness"}
