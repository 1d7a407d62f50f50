"""A data set in numbers and figures: what it counts, and that it writes whole folders only."""

import pytest

from _support.small_runs import SIZES, listing
from assay.checkpoints import load_tokenizer, resolve_checkpoint
from assay.data.load import load_data
from assay.errors import InputError, OutputExistsError
from assay.recipes.explore import explore_data


def test_summary_counts_splits_classes_and_words(data):
    """Sizes and classes in label order; nothing is written unless a folder is given."""
    found = explore_data(load_data(data), n_first=3)
    assert {name: split["n_texts"] for name, split in found.summary["splits"].items()} == SIZES
    assert [row["label"] for row in found.summary["splits"]["train"]["classes"]] == [
        "sadness",
        "joy",
        '화남, "분노"',
    ]
    assert len(found.summary["splits"]["test"]["first_rows"]) == 3
    assert found.figures == ()


def test_tokens_are_counted_with_the_checkpoints_tokenizer(data, tiny_bert):
    """Special tokens included, before anything is cut; how many would be cut is counted."""
    splits = load_data(data)
    found = explore_data(splits, checkpoint=str(tiny_bert))
    tokenizer = load_tokenizer(resolve_checkpoint(tiny_bert))
    counts = tokenizer.count_tokens(splits["train"].texts)
    tokens = found.summary["splits"]["train"]["tokens"]
    assert (tokens["all"]["min"], tokens["all"]["max"]) == (min(counts), max(counts))
    assert tokens["n_truncated"] == 0
    long = load_data((["good " * 100, "bad"], ["joy", "sadness"]))
    assert (
        explore_data(long, checkpoint=str(tiny_bert)).summary["splits"]["all"]["tokens"][
            "n_truncated"
        ]
        == 1
    )


def test_figures_are_written_whole_or_not_at_all(data, tiny_bert, tmp_path):
    """An existing folder is kept; an unknown checkpoint leaves nothing."""
    out = tmp_path / "figures"
    with pytest.raises(InputError, match=r"there is no checkpoint folder at \./nowhere"):
        explore_data(load_data(data), out=out, checkpoint="./nowhere")
    assert listing(tmp_path) == set()
    found = explore_data(load_data(data), out=out)
    assert sorted(found.figures) == sorted(str(out / name) for name in listing(out))
    with pytest.raises(OutputExistsError, match="figures exists already"):
        explore_data(load_data(data), out=out)
    assert found.to_dict()["figures"] == list(found.figures)


def test_a_path_is_explored_as_loaded_data_are(data):
    """A path is loaded as its siblings load it: the same numbers."""
    assert explore_data(str(data)).summary == explore_data(load_data(data)).summary
    assert explore_data(data / "test.csv").summary["n_texts"] == SIZES["test"]
