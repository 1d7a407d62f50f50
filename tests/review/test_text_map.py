"""Texts on a plane, from 0 to 1, with the colour of their labels."""

import numpy as np

from assay.review.text_map import colour_by_each, colour_by_name, colour_by_value, map_texts


def test_similar_texts_are_close_together():
    """Two groups are apart; a text without a label has no colour, a long one is cut."""
    rng = np.random.default_rng(0)
    groups = np.arange(40) % 2
    features = (rng.normal(size=(40, 8)) + 20 * groups[:, None]).astype(np.float32)
    names = [str(i) for i in range(40)]
    by_label = colour_by_name([None, *("b" if group else "a" for group in groups[1:])])
    found = map_texts(names, ["x" * 500] * 40, features, {"label": by_label})
    assert (found["name"], by_label["names"]) == (names, ["a", "b"])
    assert found["colours"]["label"]["places"] == [None, *groups[1:].tolist()]
    assert {len(text) for text in found["text"]} == {160}
    points = np.stack([found["x"], found["y"]], axis=1)
    assert points.min() == 0.0
    assert points.max() == 1.0
    centres = [points[groups == group].mean(axis=0) for group in (0, 1)]
    spread = max(np.std(points[groups == group], axis=0).max() for group in (0, 1))
    assert np.linalg.norm(centres[0] - centres[1]) > 2 * spread


def test_far_texts_leave_no_empty_map(monkeypatch):
    """Wide gaps are narrowed, and the order stays; a few texts in a row keep theirs."""
    near = np.linspace(0, 1, 200)
    points = np.stack([np.concatenate([near, near[:9] + 40]), np.zeros(209)], axis=1)
    monkeypatch.setattr("assay.review.text_map.project", lambda features, seed: points)
    found = map_texts([""] * 209, [""] * 209, np.zeros((209, 1)), {})
    assert (np.diff(np.argsort(found["x"], kind="stable")) == 1).all()
    assert (max(found["x"]), min(found["x"]), set(found["y"])) == (1.0, 0.0, {0.0})
    steps = np.diff(found["x"][:200])
    assert found["x"][199] < found["x"][200]
    assert found["x"][199] - found["x"][0] > 0.2
    assert steps.max() < 0.01
    monkeypatch.setattr(
        "assay.review.text_map.project", lambda features, seed: np.array([[0, 0], [3, 1], [4, 1]])
    )
    found = map_texts([""] * 3, [""] * 3, np.zeros((3, 1)), {})
    assert (found["x"], found["y"]) == ([0.0, 0.75, 1.0], [0.0, 1.0, 1.0])


def test_map_of_nothing_is_empty():
    """Before any text is read."""
    found = map_texts([], [], np.zeros((0, 0)), {})
    assert (found["x"], found["colours"]) == ([], {})


def test_colours_are_names_or_numbers():
    """Names in the order of the page, others after them; numbers as they are."""
    assert colour_by_name(["z", None, "a"], order=("b", "a")) == {
        "names": ["b", "a", "z"],
        "places": [2, None, 1],
    }
    assert colour_by_each([("b",), None, (), ("a", "b")]) == {
        "names": ["b", "a"],
        "places": [[0], None, [], [1, 0]],
    }
    assert colour_by_value([0.5, None]) == {"names": None, "places": [0.5, None]}
