"""Texts on a plane, from 0 to 1, with the colour of their labels."""

import numpy as np

from assay.review.text_map import map_texts


def test_similar_texts_are_close_together():
    """Two groups are apart; a text without a label has no colour, a long one is cut."""
    rng = np.random.default_rng(0)
    groups = np.arange(40) % 2
    features = (rng.normal(size=(40, 8)) + 20 * groups[:, None]).astype(np.float32)
    names = [str(i) for i in range(40)]
    colours = [None, *("b" if group else "a" for group in groups[1:])]
    found = map_texts(names, ["x" * 500] * 40, features, colours)
    assert (found["name"], found["legend"]) == (names, ["a", "b"])
    assert found["colour"] == [-1, *groups[1:].tolist()]
    assert {len(text) for text in found["text"]} == {160}
    points = np.stack([found["x"], found["y"]], axis=1)
    assert points.min() == 0.0
    assert points.max() == 1.0
    centres = [points[groups == group].mean(axis=0) for group in (0, 1)]
    spread = max(np.std(points[groups == group], axis=0).max() for group in (0, 1))
    assert np.linalg.norm(centres[0] - centres[1]) > 2 * spread


def test_map_of_nothing_is_empty():
    """Before any text is read."""
    found = map_texts([], [], np.zeros((0, 0)), [])
    assert (found["x"], found["legend"]) == ([], [])
