"""The defaults of `finetune`: each checkpoint finds the row of its family."""

from dataclasses import replace
from pathlib import Path

import pytest

from assay.checkpoints.folder import Checkpoint
from assay.models.finetune_defaults import FAMILIES, find_defaults

NARROW = Checkpoint(
    name="some/narrow",
    folder=Path("narrow"),
    sha256="0" * 64,
    max_tokens=512,
    hidden_size=384,
    model_type="bert",
    tokenizer_file=Path("narrow/tokenizer.json"),
)


@pytest.mark.parametrize(
    ("name", "hidden_size", "n_texts", "task", "family"),
    [
        ("minilm", 384, 60, "single", "narrow"),
        ("minilm", 384, 50_000, "single", "narrow"),
        ("minilm", 384, 60, "multi", "narrow, several labels"),
        ("e5", 384, 1_999, "single", "e5 on few texts"),
        ("e5", 384, 2_000, "multi", "e5"),
        ("e5", 1024, 60, "multi", "wide"),
        ("big", 768, 60, "single", "wide"),
    ],
)
def test_find_defaults_goes_by_name_width_texts_and_task(name, hidden_size, n_texts, task, family):
    """A folder that happens to be called e5 gets the row of its width."""
    checkpoint = replace(NARROW, name=name, hidden_size=hidden_size)
    assert find_defaults(checkpoint, n_texts, task) is FAMILIES[family]


def test_half_of_the_layers_of_narrow_transformers_is_frozen():
    """Shallow ones and wide ones train every layer."""
    narrow, wide = FAMILIES["narrow"], FAMILIES["wide"]
    assert [narrow.n_frozen(n) for n in (2, 5, 6, 7, 12)] == [0, 0, 3, 3, 6]
    assert wide.n_frozen(12) == 0


def test_small_sets_are_read_more_often():
    """Epochs are between the fewest of the family and eight."""
    narrow = FAMILIES["narrow"]
    assert [narrow.n_epochs(n, is_frozen=True) for n in (100, 1000, 50_000)] == [8, 5, 3]
    assert narrow.n_epochs(50_000, is_frozen=False) == 2
    several = FAMILIES["narrow, several labels"]
    assert [several.n_epochs(n, is_frozen=True) for n in (1000, 3000, 50_000)] == [8, 6, 3]


def test_few_texts_of_e5_start_from_a_fitted_head():
    """At a third of the rate, and at most five times over."""
    few, many = FAMILIES["e5 on few texts"], FAMILIES["e5"]
    assert [few.reads_mean, many.reads_mean, FAMILIES["narrow"].reads_mean] == [True, False, False]
    assert [few.n_frozen(12), many.n_frozen(12)] == [6, 6]
    rates = [one.learning_rate(is_frozen=True) for one in (few, many)]
    assert rates == [5e-5, 1.5e-4]
    assert [few.n_epochs(n, is_frozen=True) for n in (60, 701, 1_000, 1_999)] == [5, 5, 4, 3]
