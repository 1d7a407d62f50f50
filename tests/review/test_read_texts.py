"""Each text is read once, and its features are found again however many come after it."""

import numpy as np

from assay.review.read_texts import ReadTexts
from assay.review.vectors import TextVectors


def test_each_text_is_read_once():
    """Rows are those of the texts that are asked for, in that order, also after the array has grown."""
    asked = []

    def transform(texts):
        asked.extend(texts)
        return np.array([[len(text), ord(text[0])] for text in texts], dtype=np.float32)

    read = ReadTexts(TextVectors("lengths", transform))
    read.read(["a", "bb", "a"])
    for i in range(40):
        read.read([f"c{i}", "bb"])
    assert read.features(["bb", "a", "c39", "new", "bb"]).tolist() == [
        [2, 98],
        [1, 97],
        [3, 99],
        [3, 110],
        [2, 98],
    ]
    assert asked == ["a", "bb", *(f"c{i}" for i in range(40)), "new"]
