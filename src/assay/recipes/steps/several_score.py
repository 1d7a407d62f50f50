"""What a saved model scores where texts may have several labels, and what it is judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.catalogue import ENGLISH
from assay.data.duplicates import find_seen
from assay.evaluation.evidence import HELD_OUT, OUT_OF_FOLD
from assay.evaluation.limits import measure_several_limits
from assay.evaluation.several_choice import SeveralEvidencePredictions
from assay.evaluation.several_rules import ForF1, judge_several_rule
from assay.evaluation.several_scoring import (
    SeveralScored,
    answers_of,
    score_several_split,
    several_claims,
)
from assay.methods import METHODS
from assay.recipes.steps.fit import FittedModel
from assay.recipes.steps.fold_step import FoldStep
from assay.reporting.card import render_card

if TYPE_CHECKING:
    from assay.checkpoints.auto import CheckpointChoice
    from assay.evaluation.label_rules import AskedRule
    from assay.evaluation.rule_effects import RuleOutcome
    from assay.evaluation.several_folds import SeveralFoldEvidence
from assay.runtime.entries import NearClaim, ScoreEntry
from assay.runtime.folder import read_folder

__all__ = ["SeveralMethod", "record_near", "score_several_method"]

SPLITS = ("validation", "test")


@dataclass(frozen=True)
class SeveralMethod:
    """A trained method with its scores, and what it is judged by.

    Parameters
    ----------
    fitted : FittedModel
    scored : mapping of split to SeveralScored
        Scores of the splits that the saved model was not trained on.
    predictions : SeveralEvidencePredictions
        The predictions for the texts of the evidence.
    out_of_fold : SeveralFoldEvidence, optional
        None where the evidence is validation.
    """

    fitted: FittedModel
    scored: Mapping[str, SeveralScored]
    predictions: SeveralEvidencePredictions
    out_of_fold: SeveralFoldEvidence | None = None

    @property
    def fitted_on(self) -> list[str]:
        """The splits that the saved model was fitted on."""
        if self.out_of_fold is None:
            return ["train"]
        return ["train", "validation"]

    @property
    def evidence(self) -> SeveralScored:
        """The scores that choices are made by."""
        if self.out_of_fold is not None:
            return self.out_of_fold.scored
        return self.scored["validation"]

    @property
    def reported(self) -> Mapping[str, SeveralScored]:
        """What the model's folder reports: the evidence, and the splits it was not trained on."""
        if self.out_of_fold is None:
            return self.scored
        return {OUT_OF_FOLD: self.out_of_fold.scored, **self.scored}

    def judge_rule(self, asked: AskedRule) -> RuleOutcome:
        """Tell what the thresholds that were chosen for what is asked change."""
        from assay.evaluation.several_folds import score_divisions  # loads scikit-learn

        probs, truth = self.evidence.probs, self.evidence.truth
        if self.fitted.folds is not None:
            is_calibrated = METHODS[self.fitted.model.method].reads_texts
            probs, truth = score_divisions(self.fitted.folds, truth, is_calibrated=is_calibrated)
        saved = answers_of(self.fitted.model).thresholds
        return judge_several_rule(asked, self.reported, saved, ForF1.fit(probs, truth))

    def records(self, origins: Sequence[str], labels: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield what is written about each text: with its group where it is evidence."""
        if self.out_of_fold is not None:
            yield from self.out_of_fold.records(origins, labels)
        for split, scored in self.scored.items():
            records = scored.records(split, labels)
            if split != "validation":
                yield from records
                continue
            for record, group in zip(records, self.predictions.groups.tolist(), strict=True):
                yield {**record, "group": group}


def score_several_method(
    fitted: FittedModel,
    step: FoldStep,
    *,
    name: str,
    language: str = ENGLISH,
    checkpoint_choice: CheckpointChoice | None = None,
) -> SeveralMethod:
    """Score a saved model, and judge it on validation or out of fold.

    Scores, scope and card are written into its folder.

    Parameters
    ----------
    fitted : FittedModel
        With its predictions out of fold, where those are the evidence.
    step : FoldStep
    name, language : str
        Title and language of the card.
    checkpoint_choice : CheckpointChoice, optional
        Why the model starts from its checkpoint, for the card.
    """
    card = _Card(name, language, checkpoint_choice)
    whole = step.data.whole
    if fitted.folds is None:
        scored = _score_and_record(fitted, step, card)
        validation, first_row = scored["validation"], len(step.data.train)
        predictions = SeveralEvidencePredictions(
            HELD_OUT,
            validation.truth,
            validation.predicted[None],
            groups=whole.groups[first_row:],
            rows=np.arange(len(validation.truth)) + first_row,
        )
        return SeveralMethod(fitted, scored, predictions)
    from assay.evaluation.several_folds import SeveralFoldEvidence  # loads scikit-learn

    out_of_fold = SeveralFoldEvidence.judge(
        fitted.folds,
        step.texts,
        whole.train,
        step.data.splits.label_set,
        thresholds=answers_of(fitted.model).thresholds.scores,
        is_calibrated=METHODS[fitted.model.method].reads_texts,
        seed=step.options.seed,
    )
    scored = _score_and_record(fitted, step, card, out_of_fold=out_of_fold.scored)
    return SeveralMethod(fitted, scored, out_of_fold.predictions, out_of_fold)


def record_near(
    fitted: FittedModel,
    near: NearClaim,
    *,
    name: str,
    language: str = ENGLISH,
    checkpoint_choice: CheckpointChoice | None = None,
) -> None:
    """Write beside the scores of a saved model, and in its card, that they may be memory.

    Parameters
    ----------
    fitted : FittedModel
        Whose folder has its scores.
    near : NearClaim
        How many of the texts that methods were chosen on are nearly the same as others.
    name, language, checkpoint_choice
        As in `score_several_method`.
    """
    from assay.models import record_scores  # loads scikit-learn

    manifest = read_folder(fitted.folder)
    claims: list[ScoreEntry] = []
    for claim in manifest.scores:
        entry = ScoreEntry(**claim)
        if claim["split"] != "test":
            entry["near_duplicates"] = near
        claims.append(entry)
    card = render_card(
        {**manifest.to_dict(), "scores": claims},
        name=name,
        checkpoint_choice=checkpoint_choice,
        language=language,
    )
    record_scores(fitted.folder, claims, card=card, verified=manifest)


@dataclass(frozen=True)
class _Card:
    """What the card of a model says beside its scores."""

    name: str
    language: str
    checkpoint_choice: CheckpointChoice | None


def _score_and_record(
    fitted: FittedModel,
    step: FoldStep,
    shown: _Card,
    *,
    out_of_fold: SeveralScored | None = None,
) -> dict[str, SeveralScored]:
    """Score the splits that a model did not see; write scores, scope and card into its folder.

    Each text of validation is judged by thresholds that were chosen without it.

    Parameters
    ----------
    fitted : FittedModel
    step : FoldStep
    shown : _Card
    out_of_fold : SeveralScored, optional
        Scores of texts by models that did not see them. None: the model did not see validation.
    """
    from assay.models import record_scores  # loads scikit-learn

    data = step.data
    if out_of_fold is not None:
        data = data.whole
    scored = {}
    validation_groups = data.whole.groups[len(data.splits["train"]) :]
    for split in SPLITS:
        if split in data.fitted_on:
            continue
        scored[split] = score_several_split(
            fitted.model,
            data.splits[split],
            seed=step.options.seed,
            seen=find_seen(data.splits[split], data.train),
            groups=validation_groups if split == "validation" else None,
            progress=step.progress,
        )
    claims = several_claims(scored["test"], out_of_fold=out_of_fold)
    manifest, evidence = fitted.model.manifest, out_of_fold or scored["validation"]
    split = "validation" if out_of_fold is None else OUT_OF_FOLD
    measured = measure_several_limits(
        fitted.model,
        evidence,
        split=split,
        measured_terms=None if out_of_fold is None else step.measured_terms,
    )
    card = render_card(
        {**manifest.to_dict(), "scores": claims, **measured},
        name=shown.name,
        checkpoint_choice=shown.checkpoint_choice,
        language=shown.language,
    )
    record_scores(fitted.folder, claims, measured=measured, card=card, verified=manifest)
    return scored
