"""What a report says about its data: counted from the splits and the audit."""

import pandas as pd

from _support.small_models import small_data
from assay.audit.issues import Issue
from assay.data.load import load_data
from assay.data.origin import OtherCells
from assay.data.overlaps import find_leaks
from assay.reporting.data_sections import (
    Suspect,
    describe_audit,
    describe_data,
    describe_duplicates,
)


def test_duplicates_and_leaks_are_counted():
    """A text twice in train, one of test that occurs in train, one with two labels: each is found and shown."""
    texts, labels = small_data(30)
    frames = {
        "train": ([*texts, texts[0], "odd one", "odd one"], [*labels, labels[0], "joy", "sadness"]),
        "validation": small_data(12, seed=1),
        "test": ([texts[0], "new"], [labels[0], "joy"]),
    }
    splits = load_data(
        {name: pd.DataFrame({"text": t, "label": y}) for name, (t, y) in frames.items()}
    )
    found = describe_duplicates(splits, find_leaks(splits))
    assert found.repeats["train"] >= 2
    assert ("test", "train", 1) in [(one.split, one.of, one.n_texts) for one in found.leaks]
    odd = next(example for example in found.examples if example.text == "odd one")
    assert {place.label for place in odd.places} == {"joy", "sadness"}
    assert found.conflicts >= 1


def test_data_are_counted_by_split_and_measured_on_train(cheap_run):
    """Counts of every split, lengths and first rows of train."""
    results, _ = cheap_run
    found = describe_data(results.splits)
    assert set(found.class_counts) == {"train", "validation", "test"}
    assert sum(found.class_counts["test"].values()) == len(results.splits["test"])
    assert found.class_counts["train"][found.most_frequent_label] == max(
        found.class_counts["train"].values()
    )
    train = results.splits["train"]
    assert [row.text for row in found.first_rows] == list(train.texts[:5])
    n_words = [len(text.split()) for text in train.texts]
    assert found.quantiles["words"]["max"] == max(n_words)
    assert max(box["max"] for box in found.words_per_text.values()) == max(n_words)


def test_audit_section_holds_the_summary_and_the_worst_suspects(cheap_run):
    """The summary keeps its keys; suspects are of train, at most ten."""
    results, sections = cheap_run
    found = describe_audit(results.audit)
    plain = found.to_dict()
    assert plain["counts"] == results.audit.summary()["counts"]
    assert found.label_check == results.audit.label_check.fact()
    assert plain["is_checked"] is (not results.audit.label_check.why_not)
    assert len(found.suspects) <= 10
    assert sections.audit == found


def test_suspects_have_the_names_of_their_rows():
    """Those that a column of the data gives them; else JSON has no key for it."""
    others = OtherCells({"ticket": 17, "day": "Monday"})
    issue = Issue("wrong_label", "train", 7, "so bad", "pos", "neg", 0.9, others=others)
    assert Suspect.of(issue, "ticket").to_dict()["id"] == "17"
    assert "id" not in Suspect.of(issue, None).to_dict()
    assert "id" not in Suspect.of(issue, "customer").to_dict()
