"""Finish a saved model: record its scores and limits, and write its card with the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from assay.catalogue import ENGLISH
from assay.checkpoints.auto import CheckpointChoice
from assay.data.texts import Splits
from assay.evaluation.caveats import says_more
from assay.evaluation.evidence import OUT_OF_FOLD
from assay.evaluation.limits import measure_limits
from assay.evaluation.metrics import score_predictions
from assay.evaluation.result import HEADLINES, SplitScores
from assay.evaluation.rule_effects import RuleEffectEntry, RuleOutcome
from assay.evaluation.scoring import ScoredSplit, manifest_scores
from assay.methods import FLOOR, cheaper_methods, methods_where
from assay.reporting.card import CONFUSION_PICTURE, render_card
from assay.reporting.score_figures import draw_confusion
from assay.runtime.entries import NearClaim
from assay.runtime.manifest import Manifest
from assay.runtime.predictor import Model

__all__ = ["SPLITS", "Baselines", "finish_model", "score_baselines"]

SPLITS: tuple[str, ...] = ("validation", "test")  # the splits that a finished model has scores of

Baselines = Mapping[str, Mapping[str, SplitScores]]  # method -> split -> scores


def finish_model(
    model: Model,
    scored: Mapping[str, ScoredSplit],
    *,
    name: str,
    baselines: Baselines,
    target_accuracy: float | None = None,
    checkpoint_choice: CheckpointChoice | None = None,
    language: str = ENGLISH,
    measured_terms: np.ndarray | None = None,
    label_rule: RuleOutcome | None = None,
    near: NearClaim | None = None,
) -> Manifest:
    """Write scores, limits and the card into the folder of a saved model.

    Parameters
    ----------
    model : Model
        As loaded from its folder.
    scored : mapping of split to ScoredSplit
        The model's own scores on test, and on validation or out of fold.
    name : str
        The title of the card.
    baselines : mapping of method to split to SplitScores
        Scores that the card shows beside the model's own, of cheaper methods alone.
    target_accuracy : float, optional
        The model abstains so that its answers reach this accuracy. None: it always answers.
    checkpoint_choice, language : CheckpointChoice, str
        Why the model starts from its checkpoint, and in which language, for the card.
    label_rule, measured_terms, near
        See `RuleOutcome`, `measure_limits` and `manifest_scores`.
    """
    from assay.models import record_scores  # loads scikit-learn

    evidence, shown = _name_shown(scored)
    measured = measure_limits(
        model.folder,
        scored[evidence],
        target_accuracy=target_accuracy,
        split=evidence,
        measured_terms=measured_terms,
    )
    if label_rule is not None and label_rule.rule is not None:
        measured["label_rule"] = label_rule.rule.to_dict()
    scores = manifest_scores(scored, near=near)
    known = model.manifest.to_dict() | {"rule_effects": _effects(label_rule), "scores": scores}
    card = render_card(
        {**known, **measured},
        name=name,
        baselines=_plain(_cheaper_than(model.method, baselines)),
        picture_of=shown,
        checkpoint_choice=checkpoint_choice,
        language=language,
    )
    (model.folder / CONFUSION_PICTURE).write_bytes(_draw_confusion(scored[shown].scores, language))
    return record_scores(
        model.folder, scores, measured=measured, card=card, verified=model.manifest
    )


def _effects(outcome: RuleOutcome | None) -> list[RuleEffectEntry]:
    """Return what a rule for giving labels changes; nothing where the model follows none."""
    if outcome is None or outcome.rule is None:
        return []
    return [one.to_dict() for one in outcome.effects]


def _name_shown(scored: Mapping[str, ScoredSplit]) -> tuple[str, str]:
    """Return what the evidence is called, and the texts that say most: these or those of test."""
    (evidence,) = set(scored) - {"test"}
    if says_more(scored[evidence].scores.n_texts, scored["test"].scores.n_texts):
        return evidence, evidence
    return evidence, "test"


def _draw_confusion(scores: SplitScores, language: str) -> bytes:
    labels = [row.label for row in scores.per_class]
    return draw_confusion(scores.confusion_by_true, labels, language=language)


def score_baselines(scored: Mapping[str, Mapping[str, ScoredSplit]], splits: Splits) -> Baselines:
    """Return the scores of the baselines: the floor, and any other one that was trained.

    Parameters
    ----------
    scored : mapping of method to split to ScoredSplit
        Everything that was trained.
    splits : Splits
        If the floor was not trained, its scores follow from the label counts of train.
    """
    found: dict[str, Mapping[str, SplitScores]] = {}
    for method in methods_where(lambda method: method.is_baseline):
        if method in scored:
            found[method] = {split: one.scores for split, one in scored[method].items()}
        elif method == FLOOR:
            names = SPLITS
            if any(OUT_OF_FOLD in one for one in scored.values()):
                names = (*SPLITS, OUT_OF_FOLD)
            found[method] = _score_floor(splits, names)
    return found


def _cheaper_than(method: str, baselines: Baselines) -> Baselines:
    cheaper = cheaper_methods(method)
    return {name: scores for name, scores in baselines.items() if name in cheaper}


def _plain(baselines: Baselines) -> dict[str, dict[str, dict[str, float]]]:
    """Return the values that the card shows: method -> split -> metric -> value."""
    plain: dict[str, dict[str, dict[str, float]]] = {}
    for method, by_split in baselines.items():
        plain[method] = {}
        for split, scores in by_split.items():
            plain[method][split] = {metric: getattr(scores, metric) for metric in HEADLINES}
    return plain


def _score_floor(splits: Splits, names: Sequence[str]) -> dict[str, SplitScores]:
    """Score the floor without training it: its scores are the label shares of train.

    Out of fold, they are those of train and validation together.
    """
    labels = splits.label_set
    scores = {}
    for name in names:
        fitted_on = labels.ids(splits["train"].labels)
        if name == OUT_OF_FOLD:
            fitted_on = np.concatenate([fitted_on, labels.ids(splits["validation"].labels)])
            label_ids = fitted_on
        else:
            label_ids = labels.ids(splits[name].labels)
        shares = np.bincount(fitted_on, minlength=len(labels)) / len(fitted_on)
        probs = np.tile(shares, (len(label_ids), 1))
        scores[name] = score_predictions(label_ids, probs, labels, seed=0, n_resamples=2)
    return scores
