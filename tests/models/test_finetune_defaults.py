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
    ("name", "hidden_size", "family"),
    [("minilm", 384, "narrow"), ("e5", 384, "e5"), ("e5", 1024, "wide"), ("big", 768, "wide")],
)
def test_find_defaults_goes_by_name_and_width(name, hidden_size, family):
    """A folder that happens to be called e5 gets the row of its width."""
    checkpoint = replace(NARROW, name=name, hidden_size=hidden_size)
    assert find_defaults(checkpoint) is FAMILIES[family]


def test_half_of_the_layers_of_narrow_transformers_is_frozen():
    """Shallow ones and wide ones train every layer."""
    narrow, wide = FAMILIES["narrow"], FAMILIES["wide"]
    assert [narrow.n_frozen(n, 50) for n in (2, 5, 6, 7, 12)] == [0, 0, 3, 3, 6]
    assert wide.n_frozen(12, 50) == 0


def test_small_sets_are_read_more_often():
    """Epochs are between the fewest of the family and eight."""
    narrow = FAMILIES["narrow"]
    assert [narrow.n_epochs(n, is_frozen=True) for n in (100, 1000, 50_000)] == [8, 5, 3]
    assert narrow.n_epochs(50_000, is_frozen=False) == 2


def test_small_sets_of_e5_train_every_layer_from_a_fitted_head():
    """From 2,000 texts on half of the layers is frozen and the head is fresh."""
    e5 = FAMILIES["e5"]
    assert [e5.n_frozen(12, n) for n in (60, 1_999, 2_000)] == [0, 0, 6]
    assert [e5.fits_head(n) for n in (60, 1_999, 2_000)] == [True, True, False]
    assert not FAMILIES["narrow"].fits_head(1)
    assert [e5.n_epochs(n, is_frozen=False) for n in (60, 701, 1_999)] == [10, 10, 4]
