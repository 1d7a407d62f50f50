"""What is said about a choice: why, on what evidence, how sure, and the alternative."""

import numpy as np

from assay.evaluation.choice import choose_method
from assay.evaluation.evidence import OUT_OF_FOLD, EvidencePredictions
from assay.evaluation.recommendation import state_evidence


def answer(*runs):
    """Build predictions for texts of two classes from (value, count) pairs: is the label right."""
    flags = np.concatenate([np.full(n, bool(value)) for value, n in runs])
    label_ids = np.arange(len(flags)) % 2
    return EvidencePredictions.held_out(label_ids, np.where(flags, label_ids, 1 - label_ids))


def test_a_cheaper_method_is_explained_with_its_loss():
    """What is lost, and what to take where every point matters."""
    predictions = {
        "linear": answer((0, 66), (1, 934)),
        "finetune": answer((1, 5), (0, 57), (1, 933), (0, 5)),
    }
    choice = choose_method(predictions, model_bytes={"linear": 6_000_000, "finetune": 90_000_000})
    assert choice.why == (
        "linear is the cheapest method that is expected to be at most 1.0 points below the "
        "best (accuracy 93.4% against 93.8% of finetune)."
    )
    assert choice.remarks == (
        "Chosen on 1,000 validation texts.",
        "If every point matters: finetune, 90.0 MB, 0.4 points more.",
    )


def test_an_expensive_method_is_explained_with_its_alternative():
    """What a smaller method would lose."""
    predictions = {"linear": answer((0, 118), (1, 882)), "features": answer((0, 100), (1, 900))}
    choice = choose_method(predictions, model_bytes={"linear": 6_000_000, "features": 90_000_000})
    assert choice.why == (
        "features has the highest accuracy (90.0%). Every cheaper method that learns is expected "
        "to be more than 1.0 points below it; the closest, linear, has 88.2%."
    )
    assert choice.remarks[1:] == ("If size matters: linear, 6.0 MB, 1.8 points fewer.",)


def test_the_floor_is_none_of_the_cheaper_methods_that_are_spoken_of():
    """It may be closer than those that learn: no sentence says that every cheaper one is lower."""
    predictions = {
        "majority": answer((0, 100), (1, 100)),
        "linear": answer((0, 120), (1, 80)),
        "compact": answer((0, 99), (1, 101)),
    }
    choice = choose_method(predictions)
    assert choice.recommended == "compact"
    assert "Every cheaper method that learns is expected" in choice.why
    assert choice.why.endswith("the closest, linear, has 40.0%.")


def test_points_are_those_between_the_scores_that_are_shown():
    """84.637 % and 86.752 % are 84.6 % and 86.8 %: 2.2 points apart, not 2.1."""
    predictions = {
        "linear": answer((0, 15363), (1, 84637)),
        "features": answer((0, 13248), (1, 86752)),
    }
    choice = choose_method(predictions, model_bytes={"linear": 6_000_000, "features": 90_000_000})
    assert "(86.8%)" in choice.why
    assert choice.why.endswith("the closest, linear, has 84.6%.")
    assert choice.remarks[1] == "If size matters: linear, 6.0 MB, 2.2 points fewer."


def test_scores_that_do_not_explain_a_choice_are_explained():
    """Half a point is within the tolerance; of few texts, more is expected to be lost."""
    predictions = {
        "linear": answer((0, 20), (1, 19), (1, 161)),
        "features": answer((1, 20), (0, 19), (1, 161)),
    }
    choice = choose_method(predictions)
    loss = choice.loss("linear").expected_loss
    assert loss > 0.01
    assert choice.why == (
        "features has the highest accuracy (90.5%). linear, the closest of the cheaper methods "
        "that learn, has 90.0%, but so few texts leave open how far the two are apart: with that "
        "counted in, "
        f"it is expected to be {100 * loss:.1f} points below, more than the 1.0 that are tolerated."
    )


def test_the_cheapest_is_the_best():
    """Nothing is bought with a more expensive method."""
    predictions = {
        "majority": answer((0, 900), (1, 100)),
        "linear": answer((1, 950), (0, 50)),
        "compact": answer((0, 60), (1, 940)),
    }
    choice = choose_method(predictions)
    assert (
        choice.why
        == "linear has the highest accuracy (95.0%), and no method that learns is cheaper."
    )
    assert choice.remarks == ("Chosen on 1,000 validation texts.",)


def test_others_that_are_as_good_are_named():
    """The cheapest is not called the highest where others have the same score."""
    predictions = {
        "majority": answer((0, 500), (1, 500)),
        "linear": answer((1, 1000)),
        "compact": answer((1, 1000)),
        "features": answer((1, 1000)),
    }
    assert choose_method(predictions).why == (
        "No method has a higher accuracy than linear (100.0%); compact, features have as high a "
        "one, and no method that learns is cheaper."
    )


def test_scores_that_are_shown_alike_are_as_good():
    """90.05 % is shown as 90.1 %, as 90.1 % is."""
    predictions = {
        "linear": answer((1, 1802), (0, 198)),
        "compact": answer((0, 199), (1, 1801)),
    }
    assert choose_method(predictions).why == (
        "No method has a higher accuracy than linear (90.1%); compact has as high a one, and no "
        "method that learns is cheaper."
    )


def test_what_is_not_shown_to_be_learnt_is_said():
    """Ten texts show nothing, and the reader is told so, twice."""
    predictions = {"majority": answer((1, 6), (0, 4)), "linear": answer((1, 7), (0, 3))}
    assert choose_method(predictions).remarks == (
        "It is not yet shown to be better than always answering the most frequent label (accuracy "
        "70.0% against 60.0%): more texts would tell.",
        "Chosen on 10 validation texts.",
        "With 10 texts chance moves the scores by several points: methods that are close may change "
        "places on new texts.",
    )


def test_majority_is_explained():
    """Where nothing has a higher score, there is nothing to take yet."""
    predictions = {"majority": answer((1, 600), (0, 400)), "linear": answer((1, 500), (0, 500))}
    assert choose_method(predictions).why == (
        "no method has a higher accuracy than majority, which always answers the most frequent "
        "label (60.0%): more texts or cleaner labels are needed."
    )


def test_one_method_had_no_rival():
    """A run of one method recommends it and says so, by the metric that was asked for."""
    choice = choose_method({"features": answer((1, 3), (0, 1))}, metric="macro-f1")
    assert choice.why == "features is the only method that was run (macro F1 73.3%)."


def test_evidence_out_of_fold_is_described():
    """How many texts, folds and repeats."""
    rows = np.arange(60)
    predictions = EvidencePredictions(
        OUT_OF_FOLD, rows % 2, np.zeros((5, 60), dtype=int), rows, rows, n_folds=5
    )
    assert state_evidence(predictions).to_dict() == {
        "kind": "choice.out_of_folds",
        "n_texts": 60,
        "n_folds": 5,
        "n_repeats": 5,
    }
