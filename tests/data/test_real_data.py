"""The real data sets load as published: every score of the project rests on these numbers."""

from __future__ import annotations

import time

from assay.data import check_trainable, cut_missing, find_leaks, load_data, summarise
from assay.data.texts import DroppedRow


def sizes(splits):
    """Return how many rows each split has."""
    return {name: len(part) for name, part in splits.items()}


def test_emotion_loads_as_published(shared_data):
    """16,000 / 2,000 / 2,000 tweets, one blank line dropped and listed, labels as in labels.txt, in under a second."""
    started = time.process_time()
    splits = load_data(shared_data / "emotion")
    seconds = time.process_time() - started
    assert sizes(splits) == {"train": 16_000, "validation": 2_000, "test": 2_000}
    assert splits.label_set.names == ("sadness", "joy", "love", "anger", "fear", "surprise")
    assert splits.dropped == (DroppedRow("validation", 1, "blank text"),)
    assert splits["validation"].lines[0] == 2
    assert splits["validation"].counts()["joy"] == 704
    assert seconds < 1
    check_trainable(splits)
    assert cut_missing(splits, seed=0) is splits


def test_emotion_overlaps_are_found(shared_data):
    """The published splits share a few tweets, and some tweets have two labels."""
    found = find_leaks(load_data(shared_data / "emotion"))
    assert found.n_leaked("validation") == 5
    assert found.n_leaked("test") == 11
    assert len(found.repeats["train"]) == 31
    assert len(found.conflicts) == 51


def test_banking77_loads_and_is_cut(shared_data):
    """77 intents, no validation split: a tenth of train is cut, with every intent in it, test untouched."""
    splits = load_data(shared_data / "banking77")
    assert sizes(splits) == {"train": 10_003, "test": 3_080}
    cut = cut_missing(splits, seed=0)
    assert sizes(cut) == {"train": 9_003, "validation": 1_000, "test": 3_080}
    assert cut["test"] is splits["test"]
    assert len(cut["validation"].counts()) == len(cut["train"].counts()) == 77
    check_trainable(cut)
    assert find_leaks(cut).n_leaked("validation") == 0


def test_klue_ynat_loads_and_is_cut(shared_data):
    """Korean headlines and labels come as they are."""
    splits = load_data(shared_data / "klue_ynat")
    assert sizes(splits) == {"train": 36_547, "test": 9_107}
    assert splits.label_set.names == (
        "IT과학",
        "경제",
        "사회",
        "생활문화",
        "세계",
        "스포츠",
        "정치",
    )
    cut = cut_missing(splits, seed=0)
    assert len(cut["validation"]) == 3_655
    check_trainable(cut)
    assert summarise(cut)["splits"]["validation"]["n_texts"] == 3_655
