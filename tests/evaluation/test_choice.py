"""The recommendation is made once: by expected loss on the evidence, never by significance."""

import numpy as np
import pytest

from assay.errors import InputError
from assay.evaluation.choice import choose_method
from assay.evaluation.compare import compare_methods
from assay.evaluation.evidence import OUT_OF_FOLD, EvidencePredictions


def answer(*runs):
    """Build predictions for texts of class 0 from (value, count) pairs: is the label right."""
    flags = np.concatenate([np.full(n, bool(value)) for value, n in runs])
    label_ids = np.arange(len(flags)) % 2
    return EvidencePredictions.held_out(label_ids, np.where(flags, label_ids, 1 - label_ids))


def test_choice_takes_the_cheapest_within_the_tolerance():
    """Compact loses little against finetune; linear loses four points, and is out."""
    predictions = {
        "majority": answer((0, 650), (1, 350)),
        "linear": answer((0, 100), (1, 900)),
        "compact": answer((0, 66), (1, 934)),
        "finetune": answer((1, 5), (0, 57), (1, 933), (0, 5)),
    }
    choice = choose_method(predictions, model_bytes={"compact": 6_000_000, "finetune": 90_000_000})
    assert (choice.recommended, choice.best) == ("compact", "finetune")
    assert choice.loss("compact").expected_loss < 0.01 < choice.loss("linear").expected_loss
    assert choice.loss("finetune").expected_loss == 0
    correct = {method: one.correct for method, one in predictions.items()}
    assert list(choice.comparisons) == compare_methods(correct)


def test_all_divisions_into_folds_say_which_method_the_others_are_tested_against():
    """The first division alone favours `majority`, which a reader would see as best beside the choice."""
    label_ids, rows = np.zeros(10, dtype=np.int64), np.arange(10)

    def answer_twice(*n_wrong):
        given = np.array([rows < n for n in n_wrong], dtype=np.int64)
        return EvidencePredictions("out_of_fold", label_ids, given, rows, rows, n_folds=5)

    choice = choose_method({"majority": answer_twice(4, 4), "linear": answer_twice(5, 1)})
    assert choice.best == "linear"
    assert [one.best for one in choice.comparisons] == ["linear", "linear"]
    assert [one.is_best for one in choice.comparisons] == [False, True]


def test_no_difference_shown_is_not_taken_for_no_difference():
    """Ten texts show nothing significant, and the better method is still the one to take."""
    predictions = {"linear": answer((1, 6), (0, 4)), "features": answer((1, 9), (0, 1))}
    choice = choose_method(predictions)
    assert not any(one.significantly_worse for one in choice.comparisons)
    assert choice.recommended == "features"


def test_majority_is_taken_only_if_no_score_is_higher():
    """One more text right is enough, however little that shows; a tie is not."""
    majority = answer((1, 6), (0, 4))
    better = choose_method({"majority": majority, "linear": answer((1, 7), (0, 3))})
    assert (better.recommended, better.beats_floor) == ("linear", False)
    equal = choose_method({"majority": majority, "linear": answer((0, 4), (1, 6))})
    assert (equal.recommended, equal.beats_floor) == ("majority", None)
    assert not better.has_learnt
    assert not equal.has_learnt


def test_majority_within_the_tolerance_is_passed_over():
    """A constant answer is no model, even where it loses next to nothing."""
    majority = answer((1, 9900), (0, 100))
    linear = answer((1, 9901), (0, 99))
    choice = choose_method({"majority": majority, "linear": linear})
    assert choice.loss("majority").expected_loss < 0.01
    assert choice.recommended == "linear"


def test_of_equal_methods_the_cheapest_is_taken():
    """All methods predict the same."""
    same = answer((1, 80), (0, 20))
    choice = choose_method({"finetune": same, "compact": same, "linear": same})
    assert (choice.recommended, choice.best) == ("linear", "linear")
    assert [one.expected_loss for one in choice.losses] == [0, 0, 0]


def test_the_tolerance_decides():
    """Two points are too many for one point of tolerance, and few enough for five."""
    predictions = {
        "linear": answer((1, 8800), (0, 1200)),
        "features": answer((1, 9000), (0, 1000)),
    }
    assert choose_method(predictions).recommended == "features"
    assert choose_method(predictions, tolerance=0.05).recommended == "linear"


def test_macro_f1_counts_rare_labels():
    """One method never finds the rare label: as accurate, and worse by macro F1."""
    label_ids = np.array([0] * 950 + [1] * 50)
    misses = np.zeros(1000, dtype=int)
    finds = label_ids.copy()
    finds[:50] = 1
    predictions = {
        "linear": EvidencePredictions.held_out(label_ids, misses),
        "compact": EvidencePredictions.held_out(label_ids, finds),
    }
    assert choose_method(predictions).recommended == "linear"
    chosen = choose_method(predictions, metric="macro-f1")
    assert chosen.recommended == "compact"
    assert chosen.loss("linear").score == pytest.approx(0.487, abs=1e-3)


def test_methods_with_other_texts_are_compared_on_those_that_both_have():
    """Finetune answered the last 200 texts alone, which are hard: it is better there, and best."""
    label_ids = np.zeros(1000, dtype=np.int64)
    is_hard = np.arange(1000) >= 800
    linear = EvidencePredictions(
        kind=OUT_OF_FOLD,
        label_ids=label_ids,
        predicted_ids=np.where(is_hard & (np.arange(1000) % 2 == 0), 1, 0)[None, :],
        groups=np.arange(1000),
        rows=np.arange(1000),
        n_folds=5,
    )
    finetune = EvidencePredictions.held_out(
        label_ids[800:], np.arange(200) % 10 == 0, first_row=800
    )
    assert linear.accuracy == finetune.accuracy == 0.9
    choice = choose_method({"linear": linear, "finetune": finetune})
    assert (choice.recommended, choice.best) == ("finetune", "finetune")
    assert (choice.loss("linear").score, choice.loss("linear").n_texts) == (0.5, 200)


def test_scores_that_differ_from_those_of_the_table_are_explained():
    """The table has 90 % of 1,000 texts for linear, the reason 50 % of the 200 that finetune has."""
    label_ids = np.zeros(1000, dtype=np.int64)
    wrong = np.r_[np.zeros(800), np.ones(100), np.zeros(100)]
    rows = np.arange(1000)
    linear = EvidencePredictions(
        OUT_OF_FOLD, label_ids, wrong[None, :].astype(int), rows, rows, n_folds=5
    )
    finetune = EvidencePredictions.held_out(
        label_ids[800:], np.arange(200) % 10 == 0, first_row=800
    )
    said = choose_method({"linear": linear, "finetune": finetune}).remarks
    assert (
        "finetune was judged on 200 validation texts alone: where it is compared, all scores are "
        "of these. The evidence of the others in the table is of 1,000 texts (linear: 50.0% of "
        "the 200, 90.0% of the 1,000)." in said
    )
    for alike in ({"linear": linear, "compact": linear}, {"finetune": finetune}):
        assert not any("texts alone" in one for one in choose_method(alike).remarks)


def test_equal_texts_count_as_one_piece_of_evidence():
    """Ninety copies of one text, which only compact gets right, show less than ninety texts."""
    label_ids = np.zeros(190, dtype=np.int64)
    linear = np.r_[np.ones(90), np.zeros(100)]
    compact = np.r_[np.zeros(90), np.ones(95), np.zeros(5)]
    groups = np.r_[np.zeros(90, dtype=int), np.arange(1, 101)]
    losses = []
    for own in (groups, None):
        predictions = {
            "linear": EvidencePredictions.held_out(label_ids, linear, groups=own),
            "compact": EvidencePredictions.held_out(label_ids, compact, groups=own),
        }
        losses.append(choose_method(predictions).loss("compact").expected_loss)
    assert losses[0] > losses[1] + 0.01


@pytest.mark.parametrize("tolerance", [-0.1, 1.0, 1.5, float("nan")])
def test_a_tolerance_that_is_no_share_is_refused(tolerance):
    """The message says what is accepted."""
    with pytest.raises(InputError, match="at least 0 and below 1 is accepted"):
        choose_method({"linear": answer((1, 3), (0, 1))}, tolerance=tolerance)


def test_an_unknown_metric_is_refused():
    """The message names the metrics."""
    with pytest.raises(
        InputError, match=r"metric 'acuracy' is unknown; .* Did you mean 'accuracy'"
    ):
        choose_method({"linear": answer((1, 3), (0, 1))}, metric="acuracy")


def test_nothing_to_choose_from_is_refused():
    """Without methods, or without texts that they share, there is no choice."""
    with pytest.raises(InputError, match="no method to choose from"):
        choose_method({})
    apart = {
        "linear": EvidencePredictions.held_out(np.zeros(5), np.zeros(5)),
        "compact": EvidencePredictions.held_out(np.zeros(5), np.zeros(5), first_row=5),
    }
    with pytest.raises(InputError, match="predictions for different texts"):
        choose_method(apart)


def test_the_same_seed_gives_the_same_choice():
    """Losses and words do not depend on anything but predictions and seed."""
    predictions = {"linear": answer((1, 60), (0, 40)), "compact": answer((0, 35), (1, 65))}
    assert (
        choose_method(predictions, seed=3).to_dict() == choose_method(predictions, seed=3).to_dict()
    )
