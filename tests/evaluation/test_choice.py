"""The recommendation is made once, with its sentence and the tests that it rests on."""

import numpy as np

from assay.evaluation.choice import choose_method
from assay.evaluation.compare import compare_methods
from assay.evaluation.recommendation import recommend


def test_choice_carries_the_sentence_and_the_tests():
    """Method and sentence are those of `recommend`, without training times."""
    rng = np.random.default_rng(0)
    correct = {
        method: rng.random(500) < share
        for method, share in (("compact", 0.9), ("linear", 0.7), ("majority", 0.3))
    }
    choice = choose_method(correct, model_bytes={"linear": 1_000, "compact": 9_000})
    comparisons = compare_methods(correct)
    assert choice.comparisons == tuple(comparisons)
    assert [one.method for one in choice.comparisons] == ["majority", "linear", "compact"]
    assert (choice.recommended, choice.reasons) == recommend(
        comparisons, model_bytes={"linear": 1_000, "compact": 9_000}
    )
    assert choice.recommended == "compact"
    assert "9.0 times larger" in choice.why
    assert "train" not in choice.why
